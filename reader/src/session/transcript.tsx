import "./transcript.css";

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useContext, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";

import type { SessionSource } from "../gql/graphql";
import type { Store } from "../shared/store";
import { useMarks } from "./find/use_marks";
import { FoldsContext } from "./folds";
import { estimatedHeight, foldOf, isCompaction, shownBlocks, shownPosition } from "./message_parts";
import { MessageRow, speakerOf } from "./message_row";
import { type Message, placeOf, type TranscriptPages } from "./transcript_pages";

/** A message to go to; a new object each time, even for the same message. */
export interface Target {
  position: number;
  /** Where in the window it goes. */
  align: "start" | "end";
  /** Whether it is marked: not when the page goes there by itself. */
  isMarked: boolean;
  /** Whether it gets the focus: not while a query is typed. */
  isFocused: boolean;
  /** A block of it to open. */
  blockPosition?: number | null;
}

interface TranscriptProps {
  sessionId: string;
  source: SessionSource;
  pages: TranscriptPages;
  messageCount: number;
  target: Target | undefined;
  /** Words to mark. */
  words: readonly string[];
  /** Set to the position of the message at the top of the window. */
  place: Store<number>;
}

// The height of the bars that cover the top of the page.
const COVERED = 116;
const UNKNOWN_HEIGHT = 90;

/** The messages, of which only those in sight are in the document. Pages load when they come near. */
export function Transcript({ sessionId, source, pages, messageCount, target, words, place }: TranscriptProps) {
  const version = useSyncExternalStore(pages.subscribe, pages.version);
  const folds = useContext(FoldsContext);
  const container = useRef<HTMLDivElement>(null);
  useMarks(container, words);
  const [margin, setMargin] = useState(0);
  useLayoutEffect(() => setMargin(topOf(container.current)));

  const virtualizer = useWindowVirtualizer({
    count: messageCount,
    estimateSize: (index) => {
      const message = pages.at(index);
      return message ? estimatedHeight(message, pages) : UNKNOWN_HEIGHT;
    },
    overscan: 5,
    scrollMargin: margin,
    scrollPaddingStart: COVERED,
  });
  // Measurements of rows above those in sight must not move these.
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = (item, _, { scrollOffset }) =>
    item.start < (scrollOffset ?? 0) + COVERED;
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const [shown, setShown] = useState<Target>();
  // A little more on both sides, so that nobody who scrolls slowly has to wait. Not on the way to another place.
  useEffect(() => {
    if (shown === target) {
      pages.load(first - 30, Math.min(last + 30, messageCount - 1));
    }
  }, [pages, first, last, messageCount, version, shown, target]);

  const offset = (virtualizer.scrollOffset ?? 0) + COVERED + 8;
  const top = virtualizer.getVirtualItemForOffset(offset)?.index ?? 0;
  useEffect(() => place.set(top), [place, top]);

  const reached = useRef<Target>(undefined);
  useEffect(() => {
    if (!target || reached.current === target) {
      return;
    }
    const { align } = target;
    // Answers of tools are shown with their calls, which may be on the page before.
    const { before, asked } = placeOf(Math.min(target.position, messageCount - 1));
    pages.load(before, asked);
    const message = pages.at(before) && pages.at(asked);
    const position = message ? shownPosition(message, pages) : asked;
    virtualizer.scrollToIndex(position, { align });
    if (message) {
      reached.current = target;
      const fold = target.blockPosition == null ? undefined : foldOf(message, target.blockPosition);
      if (fold) {
        folds.open(fold);
      }
      // The row is in the document after some frames, and its neighbours are measured.
      afterFrames(4, () => {
        virtualizer.scrollToIndex(position, { align });
        setShown(target);
        const row = container.current?.querySelector<HTMLElement>(`[data-position="${position}"]`);
        if (target.isFocused) {
          row?.focus({ preventScroll: true });
        }
      });
    }
  }, [target, version]);

  const targetMessage = target?.isMarked ? pages.at(target.position) : undefined;
  const targetPosition = targetMessage && shownPosition(targetMessage, pages);
  const compacted = pages.lastCompaction();

  return (
    <div ref={container} className="transcript" style={{ height: virtualizer.getTotalSize() }}>
      {items.map((item) => {
        const message = pages.at(item.index);
        const isShown = message && shownBlocks(message, pages).length > 0;
        return (
          <div
            key={item.key}
            ref={virtualizer.measureElement}
            data-index={item.index}
            className="transcript-line"
            style={{ transform: `translateY(${item.start - virtualizer.options.scrollMargin}px)` }}
          >
            {!message && <div className="message-loading" style={{ height: UNKNOWN_HEIGHT }} />}
            {isShown && (
              <MessageRow
                message={message}
                pages={pages}
                sessionId={sessionId}
                source={source}
                isContinued={isContinued(message, pages, source)}
                isEarlier={item.index < compacted}
                isTarget={item.index === targetPosition}
                version={version}
              />
            )}
          </div>
        );
      })}
    </div>
  );
}

function isContinued(message: Message, pages: TranscriptPages, source: SessionSource): boolean {
  for (let position = message.position - 1; position >= 0; position--) {
    const before = pages.at(position);
    if (!before) {
      return false;
    }
    if (shownBlocks(before, pages).length) {
      return !isCompaction(before) && speakerOf(before, source) === speakerOf(message, source);
    }
  }
  return false;
}

function topOf(element: HTMLElement | null): number {
  return element ? Math.round(element.getBoundingClientRect().top + window.scrollY) : 0;
}

function afterFrames(frames: number, action: () => void): void {
  requestAnimationFrame(() => (frames > 1 ? afterFrames(frames - 1, action) : action()));
}
