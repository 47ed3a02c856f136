import { Link } from "wouter";

import { messageAddress } from "../shared/addresses";
import { Icon } from "../shared/icons";
import { CopyButton } from "./content/copy_button";

/** The address of a message, to follow and to copy. */
export function MessageLink({ sessionId, position }: { sessionId: string; position: number }) {
  const address = messageAddress(sessionId, position);
  return (
    <span className="message-links">
      <CopyButton text={`${location.origin}${address}`} label="Copy link" />
      <Link href={address} className="message-number" aria-label={`Link to message ${position + 1}`}>
        <Icon name="link" />
        {position + 1}
      </Link>
    </span>
  );
}
