import "./find.css";

import { type KeyboardEvent, useRef } from "react";

import { count } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { SearchInput } from "../../shared/search_input";
import type { Find } from "./use_find";

interface FindFieldProps {
  find: Find;
  /** Goes to the next hit, or to the previous one. */
  onStep: (step: 1 | -1) => void;
}

/** Searches in the session while the query is typed, and goes from hit to hit. */
export function FindField({ find, onStep }: FindFieldProps) {
  const field = useRef<HTMLInputElement>(null);

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter") {
      event.preventDefault();
      onStep(event.shiftKey ? -1 : 1);
    }
  }

  return (
    <SearchInput
      className="find"
      label="Find in this session"
      title="Find in this session (f)"
      shortcut="f"
      field={field}
      text={find.text}
      onText={find.setText}
      onKeyDown={onKeyDown}
    >
      {find.query !== "" && (
        <span className="find-end">
          <span className="find-count" role="status">
            {countOf(find)}
          </span>
          <button type="button" className="button quiet square" aria-label="Previous hit" onClick={() => onStep(-1)}>
            <Icon name="up" />
          </button>
          <button type="button" className="button quiet square" aria-label="Next hit" onClick={() => onStep(1)}>
            <Icon name="down" />
          </button>
        </span>
      )}
    </SearchInput>
  );
}

function countOf({ hits, index, isSearching, error }: Find): string {
  if (error) {
    return "Not a query";
  }
  if (hits.length === 0) {
    return isSearching ? "" : "Not found";
  }
  return index < 0 ? count(hits.length) : `${count(index + 1)} of ${count(hits.length)}`;
}
