import { useCallback, useRef, useState } from "react";

import type { SessionRowFragment } from "../gql/graphql";

/**
 * The rows that are selected of those that were loaded, while other rows come in. A range goes from the row that was
 * selected before.
 */
export function useSelection(sessions: readonly SessionRowFragment[]) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const newest = useRef(sessions);
  newest.current = sessions;
  const last = useRef("");

  const select = useCallback(({ id }: { id: string }, isRange: boolean) => {
    const ids = newest.current.map((session) => session.id);
    const [from, to] = [ids.indexOf(last.current), ids.indexOf(id)].sort((a, b) => a - b) as [number, number];
    const range = isRange && from >= 0 ? ids.slice(from, to + 1) : [id];
    last.current = id;
    setSelected((current) => {
      const next = new Set(current);
      range.forEach((other) => (isRange || !current.has(other) ? next.add(other) : next.delete(other)));
      return next;
    });
  }, []);
  const selectAll = useCallback(() => setSelected(new Set(newest.current.map(({ id }) => id))), []);
  const clear = useCallback(() => setSelected(new Set()), []);

  return { selected, selectedSessions: sessions.filter(({ id }) => selected.has(id)), select, selectAll, clear };
}
