import { Link } from "wouter";

import type { SessionRowFragment } from "../gql/graphql";
import { AgentName } from "../shared/agent_name";
import { counted, exactTime, shortCount, shortPath, timeOfDay } from "../shared/format";

/** One session in the list. */
export function SessionRow({ session }: { session: SessionRowFragment }) {
  return (
    <article className="session-row">
      <header className="session-head">
        <h3 className="session-title">
          <Link href={`/s/${encodeURIComponent(session.id)}`}>{session.title}</Link>
        </h3>
        <time className="session-time" dateTime={session.updatedAt} title={exactTime(session.updatedAt)}>
          {timeOfDay(session.updatedAt)}
        </time>
      </header>
      {session.firstPrompt && session.firstPrompt !== session.title && (
        <p className="session-prompt">{session.firstPrompt}</p>
      )}
      <p className="session-facts">
        <AgentName source={session.source} />
        <span title={session.workspace}>{shortPath(session.workspace)}</span>
        {session.gitBranch && <span className="branch">{session.gitBranch}</span>}
        <span>{counted(session.messageCount, "message")}</span>
        {session.totalTokens > 0 && <span>{shortCount(session.totalTokens)} tokens</span>}
        <span>{session.model}</span>
      </p>
    </article>
  );
}
