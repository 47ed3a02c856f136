import { memo } from "react";
import { Link } from "wouter";

import { SessionMenu } from "../actions/session_menu";
import type { SessionRowFragment } from "../gql/graphql";
import { messageAddress } from "../shared/addresses";
import { exactTime, shortTime } from "../shared/format";
import { Icon } from "../shared/icons";
import { fullTitle, promptBelowTitle } from "../shared/title";
import { SessionFacts } from "./session_facts";

/** The actions on one row; the same functions for all rows, so that rows are not rendered again. */
export interface RowActions {
  select: (session: SessionRowFragment, isRange: boolean) => void;
  star: (session: SessionRowFragment) => void;
  rename: (session: SessionRowFragment) => void;
  tag: (session: SessionRowFragment) => void;
  archive: (session: SessionRowFragment) => void;
  remove: (session: SessionRowFragment) => void;
}

interface SessionRowProps {
  session: SessionRowFragment;
  isSelected: boolean;
  actions: RowActions;
}

/** One session in the list. */
export const SessionRow = memo(function SessionRow({ session, isSelected, actions }: SessionRowProps) {
  const titleId = `title-${session.id}`;
  const title = fullTitle(session);
  const prompt = promptBelowTitle(session);
  return (
    <article className="session-row" data-session={session.id} data-selected={isSelected} aria-labelledby={titleId}>
      <label className="session-check">
        <input
          type="checkbox"
          checked={isSelected}
          tabIndex={-1}
          onChange={(event) => actions.select(session, (event.nativeEvent as MouseEvent).shiftKey)}
        />
        <span className="hidden-text">Select {title}</span>
      </label>
      <div className="session-body">
        <h3 className="session-title" id={titleId}>
          <Link href={messageAddress(session.id)} dir="auto">
            {title}
          </Link>
        </h3>
        {prompt && (
          <p className="session-prompt" dir="auto">
            {prompt}
          </p>
        )}
        <SessionFacts session={session} />
      </div>
      <div className="session-end">
        <time className="session-time" dateTime={session.updatedAt} title={exactTime(session.updatedAt)}>
          {shortTime(session.updatedAt)}
        </time>
        <button
          type="button"
          className="button quiet square star"
          aria-label={`Star ${title}`}
          aria-pressed={session.isStarred}
          onClick={() => actions.star(session)}
        >
          <Icon name="star" isFilled={session.isStarred} />
        </button>
        <SessionMenu
          label={`More for ${title}`}
          entries={[
            { name: "Select", icon: "check", shortcut: "x", run: () => actions.select(session, false) },
            { name: "Rename", icon: "pencil", shortcut: "r", run: () => actions.rename(session) },
            { name: "Tags", icon: "tag", shortcut: "t", run: () => actions.tag(session) },
            {
              name: session.isArchived ? "Unarchive" : "Archive",
              icon: "archive",
              shortcut: "e",
              run: () => actions.archive(session),
            },
            { name: "Delete", icon: "trash", shortcut: "#", isDanger: true, run: () => actions.remove(session) },
          ]}
        />
      </div>
    </article>
  );
});
