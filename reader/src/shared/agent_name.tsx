import type { SessionSource } from "../gql/graphql";
import { agentName } from "./agents";

/** The name of an agent after a dot in its color. */
export function AgentName({ source }: { source: SessionSource }) {
  return (
    <span className="agent" data-agent={source}>
      {agentName(source)}
    </span>
  );
}
