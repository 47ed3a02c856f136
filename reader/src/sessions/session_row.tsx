import { memo } from "react";
import { Link } from "wouter";

import type { SessionRowFragment } from "../gql/graphql";
import { AgentName } from "../shared/agent_name";
import { counted, exactTime, shortCount, shortPath, shortTime } from "../shared/format";
import { Icon } from "../shared/icons";

interface SessionRowProps {
  session: SessionRowFragment;
  isSelected: boolean;
  onSelect: (id: string) => void;
}

/** One session in the list. */
export const SessionRow = memo(function SessionRow({ session, isSelected, onSelect }: SessionRowProps) {
  const titleId = `title-${session.id}`;
  return (
    <article className="session-row" data-session={session.id} data-selected={isSelected} aria-labelledby={titleId}>
      <label className="session-check">
        <input type="checkbox" checked={isSelected} onChange={() => onSelect(session.id)} tabIndex={-1} />
        <span className="hidden-text">Select {session.title}</span>
      </label>
      <div className="session-body">
        <h3 className="session-title" id={titleId}>
          <Link href={`/s/${encodeURIComponent(session.id)}`} dir="auto">
            {session.title}
          </Link>
        </h3>
        {session.firstPrompt && !session.title.startsWith(session.firstPrompt) && (
          <p className="session-prompt" dir="auto">
            {session.firstPrompt}
          </p>
        )}
        <p className="session-facts">
          <AgentName source={session.source} />
          {session.kind !== "MAIN" && <span className="kind">{session.kind === "FORK" ? "Fork" : "Subagent"}</span>}
          {session.workspace && (
            <span className="fact" title={session.workspace}>
              <Icon name="folder" />
              <span className="hidden-text">in </span>
              {shortPath(session.workspace)}
            </span>
          )}
          {session.gitBranch && (
            <span className="fact">
              <Icon name="branch" />
              <span className="hidden-text">on branch </span>
              {session.gitBranch}
            </span>
          )}
          <span>{counted(session.messageCount, "message")}</span>
          {session.totalTokens > 0 && <span>{shortCount(session.totalTokens)} tokens</span>}
          {session.model && <span>{session.model}</span>}
        </p>
      </div>
      <time className="session-time" dateTime={session.updatedAt} title={exactTime(session.updatedAt)}>
        {shortTime(session.updatedAt)}
      </time>
    </article>
  );
});
