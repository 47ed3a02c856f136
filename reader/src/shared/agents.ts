import type { SessionSource } from "../gql/graphql";

/** Names of the agents, for people. */
const NAMES: Record<SessionSource, string> = {
  CLAUDE_CODE: "Claude Code",
  CODEX: "Codex",
  GEMINI: "Gemini CLI",
  OPENCODE: "OpenCode",
  QWEN_CODE: "Qwen Code",
  PI: "pi",
  ZAGENS: "zagens",
  CODEWHALE: "CodeWhale",
};

/** The name of an agent; of one that a newer server added, its value. */
export function agentName(source: SessionSource): string {
  return NAMES[source] ?? source;
}
