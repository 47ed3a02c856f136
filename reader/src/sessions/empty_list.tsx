import { counted } from "../shared/format";
import { isNarrowed, type ListView } from "./list_view";

interface EmptyListProps {
  view: ListView;
  /** Sessions that only the switch keeps out of the list. */
  hiddenCount: number;
  onShow: () => void;
}

/** A message in place of the list when it has no session. */
export function EmptyList({ view, hiddenCount, onShow }: EmptyListProps) {
  if (hiddenCount > 0) {
    return (
      <div className="notice">
        <h2>Only automated runs</h2>
        <p>Subagents, runs that scripts started and sessions of a single prompt are hidden.</p>
        <button type="button" className="button" onClick={onShow}>
          Show {counted(hiddenCount, "session")}
        </button>
      </div>
    );
  }
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
