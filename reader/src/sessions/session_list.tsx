import { useWindowVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import type { SessionRowFragment } from "../gql/graphql";
import { period } from "../shared/format";
import { type RowActions, SessionRow } from "./session_row";
import type { ActiveRow } from "./use_list_keys";

// The heights of lines, for a list that is shown again where it was left.
let measured: VirtualItem[] = [];

type Line = { heading: string } | { session: SessionRowFragment };

interface SessionListProps {
  sessions: readonly SessionRowFragment[];
  hasMore: boolean;
  loadMore: () => Promise<void>;
  /** Whether headings tell the rows of days and months apart. */
  hasPeriods: boolean;
  /** The row that keys act on. */
  active: ActiveRow | undefined;
  selected: ReadonlySet<string>;
  isStale: boolean;
  actions: RowActions;
}

/** The rows, of which only those in sight are in the document. The next page loads before the end is reached. */
export function SessionList(props: SessionListProps) {
  const { sessions, hasMore, loadMore, hasPeriods, active } = props;
  const lines = useMemo(() => linesOf(sessions, hasPeriods), [sessions, hasPeriods]);
  const container = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => setTop(container.current?.offsetTop ?? 0), [lines.length === 0]);

  const virtualizer = useWindowVirtualizer({
    count: lines.length,
    estimateSize: (index) => ("heading" in lines[index]! ? 44 : 112),
    getItemKey: (index) => keyOf(lines[index]!),
    overscan: 6,
    scrollMargin: top,
    initialMeasurementsCache: measured,
    scrollPaddingStart: 120,
    scrollPaddingEnd: 80,
  });
  useEffect(() => () => void (measured = virtualizer.measurementsCache), [virtualizer]);
  const items = virtualizer.getVirtualItems();

  const isNearEnd = (items.at(-1)?.index ?? 0) > lines.length - 20;
  useEffect(() => {
    if (hasMore && isNearEnd) {
      void loadMore();
    }
  }, [hasMore, isNearEnd, loadMore]);

  useEffect(() => {
    const index = lines.findIndex((line) => "session" in line && line.session.id === active?.id);
    if (active && index >= 0) {
      virtualizer.scrollToIndex(index, { align: "auto" });
      if (!focusRow(container.current, active.id)) {
        // The row is in the document after the next frame.
        requestAnimationFrame(() => requestAnimationFrame(() => focusRow(container.current, active.id)));
      }
    }
    // Only when keys move, not when rows come in.
  }, [active]);

  return (
    <div
      ref={container}
      className="session-list"
      data-stale={props.isStale}
      data-selecting={props.selected.size > 0}
      style={{ height: virtualizer.getTotalSize() }}
    >
      {!hasPeriods && <h2 className="hidden-text">In order</h2>}
      {items.map((item) => {
        const line = lines[item.index]!;
        return (
          <div
            key={item.key}
            ref={virtualizer.measureElement}
            data-index={item.index}
            className="session-list-line"
            style={{ transform: `translateY(${item.start - virtualizer.options.scrollMargin}px)` }}
          >
            {"heading" in line ? (
              <h2 className="period">{line.heading}</h2>
            ) : (
              <SessionRow
                session={line.session}
                isSelected={props.selected.has(line.session.id)}
                actions={props.actions}
              />
            )}
          </div>
        );
      })}
    </div>
  );
}

function linesOf(sessions: readonly SessionRowFragment[], hasPeriods: boolean): Line[] {
  if (!hasPeriods) {
    return sessions.map((session) => ({ session }));
  }
  const now = new Date();
  let last = "";
  return sessions.flatMap((session): Line[] => {
    const heading = period(session.updatedAt, now);
    const isNew = heading !== last;
    last = heading;
    return isNew ? [{ heading }, { session }] : [{ session }];
  });
}

function keyOf(line: Line): string {
  return "heading" in line ? `period ${line.heading}` : line.session.id;
}

/** Whether the row is in the document; its link has the focus then. */
function focusRow(container: HTMLElement | null, id: string): boolean {
  const link = container?.querySelector<HTMLElement>(`[data-session="${CSS.escape(id)}"] a`);
  link?.focus({ preventScroll: true });
  return !!link;
}
