import { createContext, useContext } from "react";

import type { SubagentFragment } from "../../gql/graphql";
import { type Block, shownBlocks } from "../message_parts";
import type { Message, TranscriptPages } from "../transcript_pages";
import { CodeBlock } from "./code";
import { isObject } from "./file_changes";
import { firstWords } from "./first_words";
import { Fold } from "./fold";
import { LoneAnswer } from "./lone_answer";
import { Markdown } from "./markdown";
import { Picture } from "./picture";
import { ToolCall } from "./tool_call";

/** The subagents of the session that is shown. */
export const SubagentsContext = createContext<readonly SubagentFragment[]>([]);

interface MessageContentProps {
  message: Message;
  pages: TranscriptPages;
}

/** The blocks of a message. */
export function MessageContent({ message, pages }: MessageContentProps) {
  return shownBlocks(message, pages).map((block) => (
    <ShownBlock key={block.position} block={block} messageId={message.id} isInjected={message.isInjected} />
  ));
}

interface ShownBlockProps {
  block: Block;
  messageId: string;
  isInjected: boolean;
}

function ShownBlock({ block, messageId, isInjected }: ShownBlockProps) {
  const name = `${messageId} ${block.position}`;
  const subagents = useContext(SubagentsContext);
  switch (block.__typename) {
    case "TextBlock":
      return isInjected ? (
        <Fold kind="injected" name={name} label="Added by the program" summary={firstWords(block.text)}>
          <Markdown text={block.text} />
        </Fold>
      ) : (
        <Markdown text={block.text} />
      );
    case "ThinkingBlock":
      return (
        <Fold kind="thinking" name={name} label="Thinking" summary={firstWords(block.thinking)}>
          <Markdown text={block.thinking} />
        </Fold>
      );
    case "ToolUseBlock":
      return <ToolCall call={block} subagent={subagentOf(block.input, subagents)} />;
    case "ToolResultBlock":
      return <LoneAnswer messageId={messageId} position={block.position} toolUseId={block.toolUseId} />;
    case "ImageBlock":
      return <Picture url={block.url} />;
    case "CompactionBlock":
      return (
        <div className="compaction">
          <p className="compaction-line">Earlier messages were summarized here</p>
          {block.summary.trim() ? (
            <Fold kind="injected" name={name} label="Summary" summary={firstWords(block.summary)}>
              <Markdown text={block.summary} />
            </Fold>
          ) : (
            <p className="muted">Only the provider of the model can read the summary</p>
          )}
        </div>
      );
    case "OtherBlock":
      return (
        <Fold kind="tool" name={name} label={block.blockKind} summary="Not known to the reader">
          <CodeBlock code={JSON.stringify(block.raw, null, 2)} language="json" label="Block" />
        </Fold>
      );
    default:
      // Of a server that is newer than the page.
      return <p className="muted">Something that this page cannot show</p>;
  }
}

/** The subagent that a call began: its first prompt is the beginning of the one in the arguments. */
function subagentOf(input: unknown, subagents: readonly SubagentFragment[]): SubagentFragment | undefined {
  const prompt = isObject(input) && (input.prompt ?? input.message ?? input.task);
  if (typeof prompt !== "string") {
    return undefined;
  }
  return subagents.find(({ firstPrompt }) => firstPrompt && squeezed(prompt).startsWith(squeezed(firstPrompt)));
}

function squeezed(text: string): string {
  return text.replace(/…$/, "").replace(/\s+/g, " ").trim();
}
