import "./find.css";

import { type KeyboardEvent, useRef } from "react";

import { count } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { useKeys } from "../../shared/keys";
import type { Find } from "./use_find";

interface FindFieldProps {
  find: Find;
  /** Goes to the hit that many further. */
  onStep: (step: 1 | -1) => void;
}

/** Searches in the session while it is typed, and goes from hit to hit. */
export function FindField({ find, onStep }: FindFieldProps) {
  const field = useRef<HTMLInputElement>(null);
  useKeys({
    f: (event) => {
      event.preventDefault();
      field.current?.select();
    },
  });

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === "Enter") {
      event.preventDefault();
      onStep(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      find.setText("");
      field.current?.blur();
    }
  }

  return (
    <search className="find">
      <Icon name="search" />
      <input
        ref={field}
        className="field"
        type="search"
        aria-label="Find in this session"
        placeholder="Find in this session"
        title="Find in this session (f)"
        autoComplete="off"
        spellCheck={false}
        value={find.text}
        onChange={(event) => find.setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
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
    </search>
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
