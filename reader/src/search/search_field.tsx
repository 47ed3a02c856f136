import { useEffect, useRef, useState } from "react";

import { Icon } from "../shared/icons";
import { SearchInput } from "../shared/search_input";

interface SearchFieldProps {
  query: string;
  onQuery: (query: string) => void;
  onPalette: () => void;
}

// Milliseconds between the last key and the search.
const PAUSE = 120;

/** Searches in all sessions while the query is typed. */
export function SearchField({ query, onQuery, onPalette }: SearchFieldProps) {
  const [text, setText] = useState(query);
  const field = useRef<HTMLInputElement>(null);
  // The query also changes when the browser goes back.
  useEffect(() => setText(query), [query]);
  useEffect(() => {
    if (text.trim() !== query) {
      const timer = setTimeout(() => onQuery(text.trim()), PAUSE);
      return () => clearTimeout(timer);
    }
  }, [text, query, onQuery]);

  return (
    <SearchInput
      className="app-search"
      label="Search in all sessions"
      shortcut="/"
      field={field}
      text={text}
      onText={setText}
    >
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
    </SearchInput>
  );
}
