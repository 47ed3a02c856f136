import { Link } from "wouter";

import type { HitLineFragment } from "../gql/graphql";
import { messageAddress } from "../shared/addresses";
import { Snippet } from "./snippet";

const ROLES = { USER: "User", ASSISTANT: "Agent", SYSTEM: "System", TOOL: "Tool" };

interface HitLineProps {
  sessionId: string;
  hit: HitLineFragment;
  /** What was searched. */
  query: string;
}

/** A hit in a session: who wrote it and the text around it. It leads to the message. */
export function HitLine({ sessionId, hit, query }: HitLineProps) {
  return (
    <li>
      <Link href={messageAddress(sessionId, hit.message?.position, query)} className="hit">
        <span className="hit-role">{hit.message ? ROLES[hit.message.role] : "Title"}</span>
        <span className="hit-text">
          <Snippet text={hit.snippet} highlights={hit.highlights} />
        </span>
      </Link>
    </li>
  );
}
