const LANGUAGE = "en";
const counts = new Intl.NumberFormat(LANGUAGE);
const short = new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumSignificantDigits: 3 });
const time = new Intl.DateTimeFormat(LANGUAGE, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(LANGUAGE, { weekday: "short", day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(LANGUAGE, { day: "numeric", month: "short", year: "numeric" });
const month = new Intl.DateTimeFormat(LANGUAGE, { month: "long" });
const monthOfYear = new Intl.DateTimeFormat(LANGUAGE, { month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "full", timeStyle: "short", hourCycle: "h23" });

/** 12,345 */
export function count(value: number): string {
  return counts.format(value);
}

/** 12.3K */
export function shortCount(value: number): string {
  return short.format(value);
}

/** Bytes in millions: 3.4, 812 */
export function megabytes(bytes: number): string {
  return counts.format(bytes < 100e6 ? Math.round(bytes / 1e5) / 10 : Math.round(bytes / 1e6));
}

/** `40 seconds`, `3 minutes`, `2 hours` */
export function duration(seconds: number): string {
  if (seconds < 90) {
    return counted(seconds, "second");
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? counted(minutes, "minute") : counted(Math.round(minutes / 60), "hour");
}

/** `1 message`, `2 messages` */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** 14:05 */
export function timeOfDay(instant: string): string {
  return time.format(new Date(instant));
}

/** Saturday, November 28, 2026 at 14:05 */
export function exactTime(instant: string): string {
  return exact.format(new Date(instant));
}

/** Nov 28, 2026 */
export function dateName(instant: string): string {
  return dayOfYear.format(new Date(instant));
}

/** 2026-11-28, in the local time zone. */
export function isoDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The part of the past that a list puts an instant into: days at first, then months. */
export function period(instant: string, now: Date = new Date()): string {
  const date = new Date(instant);
  const days = daysBetween(date, now);
  if (days <= 0) {
    return "Today";
  }
  if (days === 1) {
    return "Yesterday";
  }
  if (days < 7) {
    return "Last 7 days";
  }
  return (date.getFullYear() === now.getFullYear() ? month : monthOfYear).format(date);
}

/** The time of the last two days, the date of the time before. */
export function shortTime(instant: string, now: Date = new Date()): string {
  const date = new Date(instant);
  if (daysBetween(date, now) <= 1) {
    return timeOfDay(instant);
  }
  return (date.getFullYear() === now.getFullYear() ? day : dayOfYear).format(date);
}

function daysBetween(first: Date, second: Date): number {
  return Math.round((midnight(second) - midnight(first)) / 86_400_000);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** The last two names of a path, which tell directories apart in a list. */
export function shortPath(path: string): string {
  const names = path.split(/[/\\]/).filter(Boolean);
  return names.length > 2 ? `…/${names.slice(-2).join("/")}` : path;
}
