import { useEffect, useRef } from "react";

import { failureText } from "../../actions/failures";
import { Snippet } from "../../search/snippet";
import { count, counted } from "../../shared/format";
import type { Find } from "./use_find";

interface FindResultsProps {
  find: Find;
  onChosen: (index: number) => void;
}

/** The hits in a session, in the order of its transcript. */
export function FindResults({ find, onChosen }: FindResultsProps) {
  const { hits, totalCount, index, error } = find;
  const current = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // Not returned: browsers may give a promise.
    void current.current?.scrollIntoView({ block: "nearest" });
  }, [index]);
  return (
    <section className="find-results" aria-label="Hits">
      <h2>
        {counted(totalCount, "hit")}
        {totalCount > hits.length && hits.length > 0 && <span>, the first {count(hits.length)} listed</span>}
      </h2>
      {error && <p className="failure">{failureText(error)}</p>}
      <ol>
        {hits.map((hit, place) => (
          <li key={hit.id}>
            <button
              ref={place === index ? current : undefined}
              type="button"
              className="find-hit"
              aria-current={place === index ? "true" : undefined}
              onClick={() => onChosen(place)}
            >
              <span className="find-place">{count((hit.message?.position ?? 0) + 1)}</span>
              <span className="find-text">
                <Snippet text={hit.snippet} highlights={hit.highlights} />
              </span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
