import "./sessions.css";

import { useState } from "react";

import { counted } from "../shared/format";
import { useListView, filterOf, orderOf } from "./list_view";
import { SessionList } from "./session_list";
import { useSessions } from "./use_sessions";

/** The first page: the list of sessions. */
export function SessionsPage() {
  const [view] = useListView();
  const { sessions, totalCount, hasMore, loadMore } = useSessions(filterOf(view), orderOf(view));
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  return (
    <div className="sessions-page">
      <nav>side</nav>
      <main>
        <div className="sessions-head">
          <h1>{totalCount === undefined ? "Sessions" : counted(totalCount, "session")}</h1>
        </div>
        <SessionList
          sessions={sessions}
          hasMore={hasMore}
          loadMore={loadMore}
          hasPeriods={view.order === "UPDATED_AT"}
          activeId=""
          selected={selected}
          onSelect={(id) => setSelected((current) => new Set([...current, id]))}
        />
      </main>
    </div>
  );
}
