import { Icon } from "../shared/icons";
import { counted } from "../shared/format";
import type { ActionSession, SessionActions } from "../actions/use_session_actions";

interface SelectionBarProps {
  sessions: readonly ActionSession[];
  actions: SessionActions;
  onTags: () => void;
  onAll: () => void;
  onClear: () => void;
}

/** The actions on all selected sessions at once. */
export function SelectionBar({ sessions, actions, onTags, onAll, onClear }: SelectionBarProps) {
  const areStarred = sessions.every((session) => session.isStarred);
  const areArchived = sessions.every((session) => session.isArchived);
  const done = (action: () => unknown) => () => {
    void action();
    onClear();
  };
  return (
    <div className="selection-bar" role="toolbar" aria-label="Selected sessions">
      <span className="selection-count" role="status">
        {counted(sessions.length, "session")} selected
      </span>
      <button type="button" className="button quiet" onClick={onAll}>
        <Icon name="check" />
        All
      </button>
      <button type="button" className="button quiet" onClick={() => void actions.star(sessions, !areStarred)}>
        <Icon name="star" isFilled={areStarred} />
        {areStarred ? "Unstar" : "Star"}
      </button>
      <button type="button" className="button quiet" onClick={onTags}>
        <Icon name="tag" />
        Tags
      </button>
      <button
        type="button"
        className="button quiet"
        onClick={done(() => actions.archive(sessions, !areArchived))}
      >
        <Icon name="archive" />
        {areArchived ? "Unarchive" : "Archive"}
      </button>
      <button type="button" className="button quiet danger" onClick={done(() => actions.remove(sessions))}>
        <Icon name="trash" />
        Delete
      </button>
      <button type="button" className="button quiet square" aria-label="Select none" onClick={onClear}>
        <Icon name="close" />
      </button>
    </div>
  );
}
