import { useEffect, useRef, useState } from "react";

import type { SessionRowFragment } from "../gql/graphql";
import { useKeys } from "../shared/keys";
import type { RowActions } from "./session_row";

/** A row that keys moved to; a new object for each move, even to the same row. */
export interface ActiveRow {
  id: string;
}

/** Keys that go along the list and act on the row that has the focus. Gives the row that is to have it. */
export function useListKeys(
  sessions: readonly SessionRowFragment[],
  actions: RowActions,
  clear: () => void,
): ActiveRow | undefined {
  const [active, setActive] = useState<ActiveRow>();
  // Ahead of the focus, which follows when the row is in the document.
  const current = useRef("");
  useEffect(() => {
    function onFocus(event: FocusEvent) {
      const row = (event.target as HTMLElement).closest<HTMLElement>("[data-session]");
      current.current = row?.dataset.session ?? current.current;
    }
    document.addEventListener("focusin", onFocus);
    return () => document.removeEventListener("focusin", onFocus);
  }, []);

  function move(step: number) {
    const index = sessions.findIndex(({ id }) => id === current.current);
    const next = sessions[Math.min(Math.max(index + step, 0), sessions.length - 1)];
    if (next) {
      current.current = next.id;
      setActive({ id: next.id });
    }
  }
  function act(action: (session: SessionRowFragment) => void) {
    return (event: KeyboardEvent) => {
      const session = sessions.find(({ id }) => id === current.current);
      if (session) {
        event.preventDefault();
        action(session);
      }
    };
  }

  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: act((session) => actions.select(session, false)),
    s: act(actions.star),
    e: act(actions.archive),
    t: act(actions.tag),
    r: act(actions.rename),
    "#": act(actions.remove),
    Escape: clear,
  });
  return active;
}
