import type { FoldKind } from "./folds";
import type { Message, TranscriptPages } from "./transcript_pages";

export type Block = Message["content"][number];
export type ToolUse = Extract<Block, { __typename: "ToolUseBlock" }>;
export type ToolAnswer = NonNullable<ToolUse["result"]>;

/** What a message shows: its blocks without empty texts and without the answers that are shown with their calls. */
export function shownBlocks(message: Message, pages: TranscriptPages): readonly Block[] {
  return message.content.filter((block) => {
    switch (block.__typename) {
      case "TextBlock":
        return block.text.trim() !== "";
      case "ThinkingBlock":
        return block.thinking.trim() !== "";
      case "ToolResultBlock":
        return pages.callPosition(block.toolUseId) === undefined;
      default:
        return true;
    }
  });
}

/** The message in which something of this one is shown: itself, or the one whose calls it answers. */
export function shownPosition(message: Message, pages: TranscriptPages): number {
  if (shownBlocks(message, pages).length) {
    return message.position;
  }
  const answer = message.content.find((block) => block.__typename === "ToolResultBlock");
  return (answer && pages.callPosition(answer.toolUseId)) ?? message.position;
}

/** The fold in which a block is shown; undefined for one that is always open. */
export function foldOf(message: Message, blockPosition: number): { kind: FoldKind; name: string } | undefined {
  const block = message.content.find(({ position }) => position === blockPosition);
  const name = `${message.id} ${blockPosition}`;
  switch (block?.__typename) {
    case "ToolUseBlock":
    case "ToolResultBlock":
      return { kind: "tool", name: block.toolUseId };
    case "ThinkingBlock":
      return { kind: "thinking", name };
    case "CompactionBlock":
      return { kind: "injected", name };
    case "OtherBlock":
      return { kind: "tool", name };
    default:
      return message.isInjected ? { kind: "injected", name } : undefined;
  }
}

/** Whether a person wrote it. */
export function isPrompt(message: Message): boolean {
  return (
    message.role === "USER" &&
    !message.isInjected &&
    message.content.some(({ __typename }) => __typename === "TextBlock" || __typename === "ImageBlock")
  );
}

/** Whether it puts earlier messages into fewer words. */
export function isCompaction(message: Message): boolean {
  return message.content.some(({ __typename }) => __typename === "CompactionBlock");
}

// A list of thousands asks for all of them whenever one is measured.
const heights = new WeakMap<Message, number>();

/** A height in pixels to begin with, until the message is measured. */
export function estimatedHeight(message: Message, pages: TranscriptPages): number {
  let height = heights.get(message);
  if (height === undefined) {
    const blocks = shownBlocks(message, pages);
    height = blocks.reduce((sum, block) => sum + estimatedBlock(block), blocks.length ? 8 : 0);
    heights.set(message, height);
  }
  return height;
}

function estimatedBlock(block: Block): number {
  if (block.__typename === "TextBlock") {
    const lines = block.text.slice(0, 20_000).split("\n");
    return lines.reduce((height, line) => height + 24 * Math.ceil((line.length + 1) / 95), 16);
  }
  return block.__typename === "ImageBlock" ? 320 : 42;
}
