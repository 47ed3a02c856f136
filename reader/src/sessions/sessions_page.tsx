import { counted } from "../shared/format";
import { SessionRow } from "./session_row";
import { useSessions } from "./use_sessions";

const ORDER = { field: "UPDATED_AT", direction: "DESC" } as const;

/** The first page: the list of sessions. */
export function SessionsPage() {
  const { sessions, totalCount, hasMore, loadMore } = useSessions({}, ORDER);
  return (
    <main>
      <h1>{totalCount === undefined ? "Sessions" : counted(totalCount, "session")}</h1>
      {sessions.map((session) => (
        <SessionRow key={session.id} session={session} />
      ))}
      {hasMore && <button onClick={() => void loadMore()}>More</button>}
    </main>
  );
}
