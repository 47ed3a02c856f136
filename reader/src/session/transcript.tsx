import "./transcript.css";

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react";

import type { SessionSource } from "../gql/graphql";
import { estimatedHeight, isCompaction, shownBlocks, shownPosition } from "./message_parts";
import { MessageRow, speakerOf } from "./message_row";
import type { Message, TranscriptPages } from "./transcript_pages";

/** A message to go to; a new object each time, even for the same message. */
export interface Target {
  position: number;
  /** Whether it gets the focus. */
  isFocused: boolean;
}

interface TranscriptProps {
  sessionId: string;
  source: SessionSource;
  pages: TranscriptPages;
  messageCount: number;
  target: Target | undefined;
}

// What covers the top of the page.
const COVERED = 116;
const UNKNOWN_HEIGHT = 90;

/** The messages, of which only those in sight are in the document. Pages load when they come near. */
export function Transcript({ sessionId, source, pages, messageCount, target }: TranscriptProps) {
  const version = useSyncExternalStore(pages.subscribe, pages.version);
  const container = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(topOf(container.current)));

  const virtualizer = useWindowVirtualizer({
    count: messageCount,
    estimateSize: (index) => {
      const message = pages.at(index);
      return message ? estimatedHeight(shownBlocks(message, pages)) : UNKNOWN_HEIGHT;
    },
    overscan: 5,
    scrollMargin: top,
    scrollPaddingStart: COVERED,
  });
  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  // A little more on both sides, so that whoever scrolls slowly never waits.
  useEffect(() => pages.load(first - 30, Math.min(last + 30, messageCount - 1)), [pages, first, last, messageCount, version]);

  const reached = useRef<Target>(undefined);
  useEffect(() => {
    if (!target || reached.current === target) {
      return;
    }
    pages.load(target.position, target.position);
    const message = pages.at(target.position);
    virtualizer.scrollToIndex(target.position, { align: "start" });
    if (message) {
      reached.current = target;
      goTo(shownPosition(message, pages), target.isFocused);
    }
  }, [target, version]);

  function goTo(position: number, isFocused: boolean) {
    virtualizer.scrollToIndex(position, { align: "start" });
    if (isFocused) {
      // The row is in the document after the next frames.
      afterFrames(3, () =>
        container.current
          ?.querySelector<HTMLElement>(`[data-position="${position}"]`)
          ?.focus({ preventScroll: true }),
      );
    }
  }

  const targetMessage = target && pages.at(target.position);
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
