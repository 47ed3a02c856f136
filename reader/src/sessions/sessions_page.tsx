import "./sessions.css";

import { useCallback, useMemo, useState } from "react";

import { Dialog } from "../shared/dialog";
import { FoundSessions } from "./found_sessions";
import { ImportBars } from "./import_bars";
import { ListedSessions } from "./listed_sessions";
import { filterOf, useListView } from "./list_view";
import { Sidebar } from "./sidebar";
import { useOverview } from "./use_overview";

/** The first page: the list of sessions, or the results of a search. */
export function SessionsPage() {
  const [view, change] = useListView();
  const filter = useMemo(() => filterOf(view), [view]);
  const [isFiltering, setIsFiltering] = useState(false);
  const [version, setVersion] = useState(0);
  const onChanges = useCallback(() => setVersion((last) => last + 1), []);
  const overview = useOverview(view, version);
  const sidebar = <Sidebar view={view} change={change} overview={overview} />;
  const page = { view, change, filter, overview, onChanges, onFilter: () => setIsFiltering(true) };

  return (
    <div className="sessions-page">
      {sidebar}
      <main>
        <ImportBars imports={overview?.imports} />
        {view.query ? <FoundSessions {...page} /> : <ListedSessions {...page} />}
      </main>
      {isFiltering && (
        <Dialog title="Filter" className="filter-dialog" onClose={() => setIsFiltering(false)}>
          {sidebar}
          <form method="dialog" className="dialog-actions">
            <button className="button primary">Done</button>
          </form>
        </Dialog>
      )}
    </div>
  );
}
