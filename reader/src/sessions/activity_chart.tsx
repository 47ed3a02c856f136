import "./activity_chart.css";

import { type KeyboardEvent, useRef, useState } from "react";

import { counted, dateName, isoDay } from "../shared/format";

interface ActivityChartProps {
  /** Undefined until they are known. */
  points: readonly { start: string; sessionCount: number; messageCount: number }[] | undefined;
  /** The first day of the week that the list is restricted to. */
  chosen: string;
  onChosen: (from: string, until: string) => void;
}

const HEIGHT = 52;
const FEWEST = 18;

/**
 * A bar for each week of the last year; choosing one restricts the list to it. Arrow keys go along the bars. There is no
 * chart of a year in which nothing was said, as of agents that record no times.
 */
export function ActivityChart({ points = [], chosen, onChosen }: ActivityChartProps) {
  const shown = points.slice(firstShown(points));
  const [current = shown.length - 1, setCurrent] = useState<number>();
  const bars = useRef<HTMLDivElement>(null);
  const most = Math.max(1, ...shown.map((point) => point.sessionCount));

  function onKeyDown(event: KeyboardEvent) {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };
    const next = current + (steps[event.key] ?? 0);
    if (event.key in steps && shown[next]) {
      event.preventDefault();
      setCurrent(next);
      (bars.current?.children[next] as HTMLElement | undefined)?.focus();
    }
  }

  if (points.length === 0) {
    return <div className="activity" aria-busy="true" />;
  }
  if (points.every((point) => point.sessionCount === 0)) {
    return null;
  }
  return (
    <div className="activity" role="group" aria-label="Sessions a week, over the last year">
      <div className="activity-bars" ref={bars} onKeyDown={onKeyDown}>
        {shown.map(({ start, sessionCount, messageCount }, index) => {
          const day = isoDay(new Date(start));
          const label = `Week of ${dateName(start)}: ${counted(sessionCount, "session")}, ${counted(messageCount, "message")}`;
          const height = sessionCount ? Math.max(4, Math.round((sessionCount / most) * HEIGHT)) : 2;
          return (
            <button
              key={start}
              type="button"
              className="activity-bar"
              aria-label={label}
              aria-pressed={day === chosen}
              title={label}
              data-empty={sessionCount === 0}
              tabIndex={index === current ? 0 : -1}
              onFocus={() => setCurrent(index)}
              onClick={() => (day === chosen ? onChosen("", "") : onChosen(day, isoDay(weekAfter(start))))}
            >
              <span style={{ height }} />
            </button>
          );
        })}
      </div>
      <div className="activity-axis" aria-hidden="true">
        <span>{shown[0] && dateName(shown[0].start)}</span>
        <span>This week</span>
      </div>
    </div>
  );
}

/** The weeks before the first one in which something was said are left out, as long as some remain. */
function firstShown(points: readonly { sessionCount: number }[]): number {
  const first = points.findIndex((point) => point.sessionCount > 0);
  return Math.max(0, Math.min(first, points.length - FEWEST));
}

function weekAfter(start: string): Date {
  const date = new Date(start);
  date.setDate(date.getDate() + 7);
  return date;
}
