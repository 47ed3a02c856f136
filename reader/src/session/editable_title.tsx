import { type FormEvent, type KeyboardEvent, useRef } from "react";

import { Icon } from "../shared/icons";

interface EditableTitleProps {
  title: string;
  /** The shown form: an agent may have cut off the title. */
  shown: string;
  isEditing: boolean;
  onEdit: () => void;
  /** Without a title when it stays as it was. */
  onDone: (title?: string) => void;
}

/** The title of a session, which can be changed in its place. */
export function EditableTitle({ title, shown, isEditing, onEdit, onDone }: EditableTitleProps) {
  const isDone = useRef(false);
  if (!isEditing) {
    return (
      <div className="title-line">
        <h1 dir="auto">{shown}</h1>
        <button type="button" className="button quiet square" aria-label="Rename" title="Rename (r)" onClick={onEdit}>
          <Icon name="pencil" />
        </button>
      </div>
    );
  }

  // Leaving the field also saves, but not after Escape or Enter took it away.
  function done(given?: string) {
    if (!isDone.current) {
      isDone.current = true;
      const trimmed = given?.trim();
      onDone(trimmed && trimmed !== title ? trimmed : undefined);
    }
  }
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    done(String(new FormData(event.currentTarget).get("title")));
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Escape") {
      event.stopPropagation();
      done();
    }
  }

  return (
    <form className="title-line" onSubmit={submit}>
      <input
        ref={() => {
          isDone.current = false;
        }}
        className="field title-field"
        name="title"
        aria-label="Title"
        defaultValue={title}
        maxLength={100}
        autoFocus
        autoComplete="off"
        onFocus={(event) => event.currentTarget.select()}
        onKeyDown={onKeyDown}
        onBlur={(event) => done(event.currentTarget.value)}
      />
    </form>
  );
}
