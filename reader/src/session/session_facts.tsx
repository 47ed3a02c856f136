import type { SessionHeadFragment } from "../gql/graphql";
import { AgentName } from "../shared/agent_name";
import { count, counted, exactTime, shortCount, shortPath, shortTime } from "../shared/format";
import { Icon } from "../shared/icons";

const dollars = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const cents = new Intl.NumberFormat("en", { style: "currency", currency: "USD", maximumSignificantDigits: 2 });

/** Where, when and with what a session was recorded. */
export function SessionFacts({ session }: { session: SessionHeadFragment }) {
  const { usage } = session;
  const classes = [
    ["input", usage.inputTokens],
    ["read from the cache", usage.cacheReadTokens],
    ["written to the cache", usage.cacheWriteTokens],
    ["output", usage.outputTokens],
    ["reasoning", usage.reasoningTokens],
  ] as const;
  const spent = classes.filter(([, tokens]) => tokens > 0).map(([name, tokens]) => `${count(tokens)} ${name}`);
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
      {session.totalTokens > 0 && <li title={spent.join(", ")}>{shortCount(session.totalTokens)} tokens</li>}
      {session.recordedCost !== null && <li>{(session.recordedCost < 0.01 ? cents : dollars).format(session.recordedCost)}</li>}
      <li>
        <time
          dateTime={session.updatedAt}
          title={`From ${exactTime(session.createdAt)} to ${exactTime(session.updatedAt)}`}
        >
          {shortTime(session.updatedAt)}
        </time>
      </li>
      {session.tags.map((tag) => (
        <li key={tag} className="tag">
          {tag}
        </li>
      ))}
    </ul>
  );
}
