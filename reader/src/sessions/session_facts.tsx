import type { SessionRowFragment, ToolCallKind } from "../gql/graphql";
import { AgentName } from "../shared/agent_name";
import { counted, shortCount, shortPath } from "../shared/format";
import { Icon } from "../shared/icons";

/** The line of small facts: by which agent, where, how much of what. */
export function SessionFacts({ session }: { session: SessionRowFragment }) {
  const edits = calls(session, "FILE_CHANGE");
  const commands = calls(session, "COMMAND_EXECUTION");
  return (
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
      {edits > 0 && <span>{counted(edits, "edit")}</span>}
      {commands > 0 && <span>{counted(commands, "command")}</span>}
      {session.totalTokens > 0 && <span className="wide-only">{shortCount(session.totalTokens)} tokens</span>}
      {session.model && <span className="wide-only">{session.model}</span>}
      {session.tags.map((tag) => (
        <span key={tag} className="tag">
          {tag}
        </span>
      ))}
    </p>
  );
}

/** How many tools of a kind were called. */
function calls({ tools }: SessionRowFragment, kind: ToolCallKind): number {
  return tools.filter((tool) => tool.kind === kind).reduce((sum, tool) => sum + tool.callCount, 0);
}
