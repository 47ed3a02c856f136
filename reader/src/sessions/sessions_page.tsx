import "./sessions.css";

import { useMemo, useState } from "react";

import { hiddenSessions } from "../actions/pending_deletions";
import { RenameDialog } from "../actions/rename_dialog";
import { TagsDialog } from "../actions/tags_dialog";
import { useSessionActions } from "../actions/use_session_actions";
import type { SessionOrderField, SessionRowFragment } from "../gql/graphql";
import { Dialog } from "../shared/dialog";
import { counted } from "../shared/format";
import { Icon } from "../shared/icons";
import { useStore } from "../shared/store";
import { EmptyList } from "./empty_list";
import { FilterChips } from "./filter_chips";
import { filterOf, orderOf, useListView } from "./list_view";
import { SelectionBar } from "./selection_bar";
import { SessionList } from "./session_list";
import type { RowActions } from "./session_row";
import { Sidebar } from "./sidebar";
import { useListKeys } from "./use_list_keys";
import { useSelection } from "./use_selection";
import { useSessions } from "./use_sessions";

const ORDERS: Partial<Record<SessionOrderField, string>> = {
  UPDATED_AT: "Newest activity",
  CREATED_AT: "Newest",
  TITLE: "Title",
  MESSAGE_COUNT: "Most messages",
  TOTAL_TOKENS: "Most tokens",
};

/** The first page: the list of sessions, or what is found in them. */
export function SessionsPage() {
  const [view, change] = useListView();
  const filter = useMemo(() => filterOf(view), [view]);
  const orderBy = useMemo(() => orderOf(view), [view]);
  const list = useSessions(filter, orderBy);
  const hidden = useStore(hiddenSessions);

  // Rows leave at once, before the server answers with the list without them.
  const sessions = useMemo(
    () =>
      list.sessions.filter(
        (session) =>
          !hidden.has(session.id) &&
          session.isArchived === view.isArchived &&
          (!view.isStarred || session.isStarred),
      ),
    [list.sessions, hidden, view.isArchived, view.isStarred],
  );
  const left = list.sessions.length - sessions.length;

  const { selected, selectedSessions, select, clear } = useSelection(sessions);
  const [renamed, setRenamed] = useState<SessionRowFragment>();
  const [tagged, setTagged] = useState<readonly SessionRowFragment[]>();
  const [isFiltering, setIsFiltering] = useState(false);
  const actions = useSessionActions();
  const rowActions = useMemo<RowActions>(
    () => ({
      select,
      star: (session) => void actions.star([session], !session.isStarred),
      rename: setRenamed,
      tag: (session) => setTagged([session]),
      archive: (session) => void actions.archive([session], !session.isArchived),
      remove: (session) => actions.remove([session]),
    }),
    [actions, select],
  );
  const active = useListKeys(view.query ? [] : sessions, rowActions, clear);
  const sidebar = <Sidebar view={view} change={change} />;

  return (
    <div className="sessions-page">
      {sidebar}
      <main>
        <div className="sessions-head">
          <h1 aria-live="polite">{heading()}</h1>
          <button type="button" className="button filter-button" aria-label="Filter" onClick={() => setIsFiltering(true)}>
            <Icon name="filter" />
            <span className="button-name">Filter</span>
          </button>
          {!view.query && (
            <label className="order">
              <span>Order</span>
              <select
                aria-label="Order"
                value={view.order}
                onChange={(event) => change({ order: event.target.value as SessionOrderField })}
              >
                {Object.entries(ORDERS).map(([value, name]) => (
                  <option key={value} value={value}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
          )}
        </div>
        <FilterChips view={view} change={change} />
        {list.error && <p className="failure">{list.error.message}</p>}
            {list.totalCount === 0 && <EmptyList view={view} />}
            <SessionList
              sessions={sessions}
              hasMore={list.hasMore}
              loadMore={list.loadMore}
              hasPeriods={view.order === "UPDATED_AT"}
              isStale={list.isStale}
              active={active}
              selected={selected}
              actions={rowActions}
            />
        {selectedSessions.length > 0 && (
          <SelectionBar
            sessions={selectedSessions}
            actions={actions}
            onTags={() => setTagged(selectedSessions)}
            onClear={clear}
          />
        )}
      </main>
      {renamed && <RenameDialog session={renamed} onClose={() => setRenamed(undefined)} />}
      {tagged && (
        <TagsDialog
          sessions={tagged}
          known={[]}
          onClose={() => setTagged(undefined)}
        />
      )}
      {isFiltering && (
        <Dialog title="Filter" className="filter-dialog" onClose={() => setIsFiltering(false)}>
          {sidebar}
          <form method="dialog" className="dialog-actions">
            <button className="button primary">Show {heading()}</button>
          </form>
        </Dialog>
      )}
    </div>
  );

  function heading(): string {
    return list.totalCount === undefined ? "Sessions" : counted(list.totalCount - left, "session");
  }
}
