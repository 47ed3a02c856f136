import { isNarrowed, type ListView } from "./list_view";

/** What stands in place of the list when it has no session. */
export function EmptyList({ view }: { view: ListView }) {
  if (isNarrowed(view)) {
    return (
      <div className="notice">
        <h2>No session is like this</h2>
        <p>Take a restriction away, or look in the archive.</p>
      </div>
    );
  }
  if (view.isArchived) {
    return (
      <div className="notice">
        <h2>The archive is empty</h2>
        <p>Archived sessions are kept here, out of the list of all.</p>
      </div>
    );
  }
  return (
    <div className="notice">
      <h2>No sessions yet</h2>
      <p>
        <code>reprise import --all</code> imports what your agents have saved. Sessions appear here as they come in.
      </p>
    </div>
  );
}
