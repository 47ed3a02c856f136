import { useEffect, useRef, useState } from "react";

import { Icon } from "../shared/icons";
import { useKeys } from "../shared/keys";

interface SearchFieldProps {
  query: string;
  onQuery: (query: string) => void;
  onPalette: () => void;
}

// Milliseconds without a key before it is searched.
const PAUSE = 120;

/** Searches while it is typed. */
export function SearchField({ query, onQuery, onPalette }: SearchFieldProps) {
  const [text, setText] = useState(query);
  const field = useRef<HTMLInputElement>(null);
  // The query changes by itself when the reader goes back.
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    if (text.trim() !== query) {
      const timer = setTimeout(() => onQuery(text.trim()), PAUSE);
      return () => clearTimeout(timer);
    }
  }, [text, query, onQuery]);

  useKeys({
    "/": (event) => {
      event.preventDefault();
      field.current?.select();
    },
  });

  return (
    <search className="app-search">
      <Icon name="search" />
      <input
        ref={field}
        className="field"
        type="search"
        aria-label="Search in all sessions"
        placeholder="Search in all sessions"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            setText("");
            field.current?.blur();
          }
        }}
      />
      <span className="app-search-end">
        {text ? (
          <button
            type="button"
            className="button quiet square"
            aria-label="Clear the search"
            onClick={() => {
              setText("");
              field.current?.focus();
            }}
          >
            <Icon name="close" />
          </button>
        ) : (
          <button type="button" className="button quiet" title="Search and go anywhere" onClick={onPalette}>
            <kbd>Ctrl K</kbd>
          </button>
        )}
      </span>
    </search>
  );
}
