import type { FormEvent } from "react";

import { Dialog, DialogActions } from "../shared/dialog";
import { type ActionSession, useSessionActions } from "./use_session_actions";

interface RenameDialogProps {
  session: ActionSession;
  onClose: () => void;
}

export function RenameDialog({ session, onClose }: RenameDialogProps) {
  const { update } = useSessionActions();

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const title = String(new FormData(event.currentTarget).get("title")).trim();
    if (title && title !== session.title) {
      void update(session, { title });
    }
    onClose();
  }

  return (
    <Dialog title="Rename" onClose={onClose}>
      <form onSubmit={submit}>
        <p>The agent&rsquo;s own title never replaces it.</p>
        <input
          className="field"
          name="title"
          aria-label="Title"
          defaultValue={session.title}
          maxLength={100}
          required
          autoFocus
          autoComplete="off"
          onFocus={(event) => event.currentTarget.select()}
        />
        <DialogActions label="Rename" onClose={onClose} />
      </form>
    </Dialog>
  );
}
