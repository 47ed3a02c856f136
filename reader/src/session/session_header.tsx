import { Link } from "wouter";

import type { SessionHeadFragment } from "../gql/graphql";
import { messageAddress } from "../shared/addresses";
import { AgentName } from "../shared/agent_name";
import { count, counted, exactTime, shortCount, shortPath, shortTime } from "../shared/format";
import { Icon } from "../shared/icons";

const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });

/** Title and facts of a session. */
export function SessionHeader({ session }: { session: SessionHeadFragment }) {
  return (
    <div className="session-head">
      <nav aria-label="Way back" className="session-back">
        <Link href="/">
          <Icon name="arrow" />
          All sessions
        </Link>
        {session.parent && (
          <Link href={messageAddress(session.parent.id)}>
            {session.kind === "SUBAGENT" ? "Subagent of" : "Fork of"} {session.parent.title}
          </Link>
        )}
      </nav>
      <h1 dir="auto">{session.title}</h1>
      <Facts session={session} />
    </div>
  );
}

function Facts({ session }: { session: SessionHeadFragment }) {
  const { usage } = session;
  const tokens = [
    ["input", usage.inputTokens],
    ["read from cache", usage.cacheReadTokens],
    ["written to cache", usage.cacheWriteTokens],
    ["output", usage.outputTokens],
    ["reasoning", usage.reasoningTokens],
  ] as const;
  return (
    <ul className="session-facts" aria-label="About this session">
      <li>
        <AgentName source={session.source} />
        {session.agentVersion && ` ${session.agentVersion}`}
      </li>
      {session.model && <li>{session.model}</li>}
      {session.workspace && (
        <li className="fact" title={session.workspace}>
          <Icon name="folder" />
          {shortPath(session.workspace)}
        </li>
      )}
      {session.gitBranch && (
        <li className="fact">
          <Icon name="branch" />
          {session.gitBranch}
        </li>
      )}
      <li>{counted(session.messageCount, "message")}</li>
      {session.totalTokens > 0 && (
        <li
          title={tokens
            .filter(([, value]) => value > 0)
            .map(([name, value]) => `${count(value)} ${name}`)
            .join(", ")}
        >
          {shortCount(session.totalTokens)} tokens
        </li>
      )}
      {session.recordedCost !== null && <li>{dollars.format(session.recordedCost)}</li>}
      <li>
        <time dateTime={session.updatedAt} title={`From ${exactTime(session.createdAt)} to ${exactTime(session.updatedAt)}`}>
          {shortTime(session.updatedAt)}
        </time>
      </li>
    </ul>
  );
}
