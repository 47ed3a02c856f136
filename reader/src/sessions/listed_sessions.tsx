import { useMemo, useState } from "react";

import { failureText } from "../actions/failures";
import { hiddenSessions } from "../actions/pending_deletions";
import { RenameDialog } from "../actions/rename_dialog";
import { TagsDialog } from "../actions/tags_dialog";
import { useSessionActions } from "../actions/use_session_actions";
import type { SessionRowFragment } from "../gql/graphql";
import { counted } from "../shared/format";
import { useStore } from "../shared/store";
import { ActivityChart } from "./activity_chart";
import { EmptyList } from "./empty_list";
import { orderOf } from "./list_view";
import { OrderMenu } from "./order_menu";
import { PageHead, type PageParts } from "./page_head";
import { SelectionBar } from "./selection_bar";
import { SessionList } from "./session_list";
import type { RowActions } from "./session_row";
import { useListKeys } from "./use_list_keys";
import { useSelection } from "./use_selection";
import { useSessions } from "./use_sessions";

/** The list of sessions of the view, and the actions on them. */
export function ListedSessions(page: PageParts) {
  const { view, change, filter, overview, onChanges } = page;
  const orderBy = useMemo(() => orderOf(view), [view]);
  const list = useSessions(filter, orderBy, onChanges);
  const hidden = useStore(hiddenSessions);

  // Rows leave at once, before the server answers with the list without them.
  const sessions = useMemo(
    () =>
      list.sessions.filter(
        ({ id, isArchived, isStarred }) =>
          !hidden.has(id) && isArchived === view.isArchived && (isStarred || !view.isStarred),
      ),
    [list.sessions, hidden, view.isArchived, view.isStarred],
  );
  const total = list.totalCount && list.totalCount - (list.sessions.length - sessions.length);

  const { selected, selectedSessions, select, selectAll, clear } = useSelection(sessions);
  const [renamed, setRenamed] = useState<SessionRowFragment>();
  const [tagged, setTagged] = useState<readonly SessionRowFragment[]>();
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
  const active = useListKeys(sessions, rowActions, clear);

  return (
    <>
      <PageHead {...page} title={total === undefined ? "Sessions" : counted(total, "session")}>
        <OrderMenu order={view.order} onOrder={(order) => change({ order })} />
      </PageHead>
      {list.error && (
        <p className="failure" role="alert">
          {failureText(list.error)}
          <button type="button" className="button" onClick={list.retry}>
            Try again
          </button>
        </p>
      )}
      <ActivityChart
        points={overview?.activity}
        chosen={view.from}
        onChosen={(from, until) => change({ from, until })}
      />
      {total === 0 && (
        <EmptyList view={view} hiddenCount={overview?.hiddenCount ?? 0} onShow={() => change({ hasRuns: true })} />
      )}
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
          onAll={selectAll}
          onClear={clear}
        />
      )}
      {renamed && <RenameDialog session={renamed} onClose={() => setRenamed(undefined)} />}
      {tagged && <TagsDialog sessions={tagged} onClose={() => setTagged(undefined)} />}
    </>
  );
}
