import { memo } from "react";

import type { SessionSource } from "../gql/graphql";
import { agentName } from "../shared/agents";
import { exactTime, timeOfDay } from "../shared/format";
import { MessageContent } from "./content/message_content";
import { ShownOrRaw } from "./content/shown_or_raw";
import { MessageLink } from "./message_link";
import { isCompaction, isPrompt } from "./message_parts";
import type { Message, TranscriptPages } from "./transcript_pages";

interface MessageRowProps {
  message: Message;
  pages: TranscriptPages;
  sessionId: string;
  source: SessionSource;
  /** Whether the message before is by the same speaker, who is not named again. */
  isContinued: boolean;
  /** Whether a later compaction took it out of what the model sees. */
  isEarlier: boolean;
  /** Whether the address or a key leads to it. */
  isTarget: boolean;
  /** Counts the changes of the messages around: they decide where answers of tools are shown. */
  version: number;
}

/** One message of the transcript. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { message, pages, sessionId, source, isContinued, isEarlier, isTarget } = props;
  const speaker = speakerOf(message, source);
  return (
    <article
      className="message"
      tabIndex={-1}
      data-position={message.position}
      data-speaker={isPrompt(message) ? "person" : isCompaction(message) ? "compaction" : "agent"}
      data-continued={isContinued}
      data-earlier={isEarlier}
      data-target={isTarget}
      aria-label={`Message ${message.position + 1}, ${speaker}`}
    >
      <header className="message-head">
        <h2 className={isContinued ? "hidden-text" : undefined}>{speaker}</h2>
        {message.createdAt && (
          <time dateTime={message.createdAt} title={exactTime(message.createdAt)}>
            {timeOfDay(message.createdAt)}
          </time>
        )}
        {!isContinued && message.model && <span className="message-model">{message.model}</span>}
        {isEarlier && !isContinued && <span className="message-earlier">before the summary</span>}
        <MessageLink sessionId={sessionId} position={message.position} />
      </header>
      <div className="message-content">
        <ShownOrRaw raw={() => JSON.stringify(message.content, null, 2)}>
          <MessageContent message={message} pages={pages} />
        </ShownOrRaw>
      </div>
    </article>
  );
});

/** Who says a message, for people. */
export function speakerOf(message: Message, source: SessionSource): string {
  if (isPrompt(message)) {
    return "You";
  }
  if (message.role === "SYSTEM" || message.isInjected) {
    return "Program";
  }
  return agentName(source);
}
