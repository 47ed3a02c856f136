import { useApolloClient } from "@apollo/client/react";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { Link } from "wouter";

import type { SubagentFragment } from "../../gql/graphql";
import { messageAddress } from "../../shared/addresses";
import { counted } from "../../shared/format";
import { shownBlocks } from "../message_parts";
import { type Message, TranscriptPages } from "../transcript_pages";
import { MessageContent } from "./message_content";

// Messages that are shown at first, and added by the button.
const STEP = 20;

/** The session of a subagent, within the call that began it. */
export function SubagentTranscript({ subagent }: { subagent: SubagentFragment }) {
  const client = useApolloClient();
  const pages = useMemo(() => new TranscriptPages(client, subagent.id), [client, subagent.id]);
  useSyncExternalStore(pages.subscribe, pages.version);
  const [limit, setLimit] = useState(STEP);
  const last = Math.min(limit, subagent.messageCount);
  useEffect(() => pages.load(0, last - 1), [pages, last]);

  const messages = Array.from({ length: last }, (_, position) => pages.at(position)).filter(
    (message): message is Message => message !== undefined && shownBlocks(message, pages).length > 0,
  );
  return (
    <section className="subagent" aria-label={`Subagent: ${subagent.title}`}>
      <p className="subagent-head">
        <Link href={messageAddress(subagent.id)}>{subagent.title}</Link>
        <span>{counted(subagent.messageCount, "message")}</span>
      </p>
      {messages.map((message) => (
        <div key={message.id} className="subagent-message" data-role={message.role}>
          <MessageContent message={message} pages={pages} />
        </div>
      ))}
      {last < subagent.messageCount && (
        <button type="button" className="button" onClick={() => setLimit(limit + STEP)}>
          Show more
        </button>
      )}
    </section>
  );
}
