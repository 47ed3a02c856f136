/** Line drawings on a grid of 16, each one path. */
const PATHS = {
  search: "M7 12.2a5.2 5.2 0 1 0 0-10.4 5.2 5.2 0 0 0 0 10.4ZM10.8 10.8 14.2 14.2",
  close: "m4 4 8 8m0-8-8 8",
  star: "m8 1.8 1.9 3.9 4.3.6-3.1 3 .7 4.3L8 11.6l-3.8 2 .7-4.3-3.1-3 4.3-.6Z",
  archive: "M2 3h12v3H2ZM3 6v7h10V6M6.5 9h3",
  trash: "M2.5 4.2h11M6 4V2.4h4V4M4 4.2l.6 9.3h6.8l.6-9.3M6.6 7v4M9.4 7v4",
  pencil: "m10.6 2.9 2.5 2.5L5.6 13l-3.1.5.6-3.1ZM9.2 4.3l2.5 2.5",
  tag: "M2 2.5h5.2L14 9.3 9.3 14 2.5 7.2ZM5.2 5.4h.01",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.3v1.2M8 13.5v1.2M1.3 8h1.2M13.5 8h1.2M3.3 3.3l.8.8M11.9 11.9l.8.8M12.7 3.3l-.8.8M4.1 11.9l-.8.8",
  moon: "M13.6 9.6A6 6 0 0 1 6.4 2.4a6 6 0 1 0 7.2 7.2Z",
  system: "M2 3h12v8H2ZM5.5 13.5h5M8 11v2.5",
  filter: "M2 4h12M4.5 8h7M7 12h2",
  branch: "M4.5 5.5v5M4.5 5.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM4.5 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM11.5 6.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM11.5 6.5c0 2.5-3 2-7 3",
  folder: "M1.8 12.5v-9h4.4l1.6 2h6.4v7Z",
  message: "M2 2.8h12v8.4H7.5L4.5 14v-2.8H2Z",
  check: "m3 8.4 3.2 3.2L13 4.6",
  question: "M5.8 6a2.2 2.2 0 1 1 3.1 2c-.6.3-.9.7-.9 1.4M8 12h.01M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z",
  arrow: "M13 8H3M7 4 3 8l4 4",
  down: "m4 6 4 4 4-4",
  up: "m4 10 4-4 4 4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  copy: "M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  play: "M4.5 2.8v10.4L13 8Z",
  code: "M5 4.5 1.5 8 5 11.5M11 4.5 14.5 8 11 11.5",
  link: "M6.8 9.2a3 3 0 0 0 4.3 0l2-2a3 3 0 0 0-4.3-4.3l-.8.8M9.2 6.8a3 3 0 0 0-4.3 0l-2 2a3 3 0 0 0 4.3 4.3l.8-.8",
} as const;

export type IconName = keyof typeof PATHS;

/** A drawing beside a text, or in a button with a label of its own: screen readers skip it. */
export function Icon({ name, isFilled }: { name: IconName; isFilled?: boolean }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" fill={isFilled ? "currentColor" : undefined}>
      <path d={PATHS[name]} fill={isFilled ? "currentColor" : undefined} />
    </svg>
  );
}
