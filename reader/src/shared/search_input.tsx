import type { KeyboardEvent, ReactNode, RefObject } from "react";

import { Icon } from "./icons";
import { useKeys } from "./keys";

interface SearchInputProps {
  className: string;
  label: string;
  title?: string;
  /** The key that selects the field. */
  shortcut: string;
  field: RefObject<HTMLInputElement | null>;
  text: string;
  onText: (text: string) => void;
  onKeyDown?: (event: KeyboardEvent) => void;
  /** The elements at its end. */
  children: ReactNode;
}

/** A search field, which a key selects, and which Escape clears and leaves. */
export function SearchInput(props: SearchInputProps) {
  const { className, label, title, shortcut, field, text, onText, onKeyDown, children } = props;
  useKeys({
    [shortcut]: (event) => {
      event.preventDefault();
      field.current?.select();
    },
  });

  return (
    <search className={className}>
      <Icon name="search" />
      <input
        ref={field}
        className="field"
        type="search"
        aria-label={label}
        placeholder={label}
        title={title}
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            onText("");
            field.current?.blur();
          } else {
            onKeyDown?.(event);
          }
        }}
      />
      {children}
    </search>
  );
}
