import { type ReactNode, useState } from "react";

import { count } from "../../shared/format";

interface LongTextProps {
  text: string;
  /** Characters that are shown at first. */
  limit: number;
  children: (text: string) => ReactNode;
}

/** The beginning of a text, and all of it on demand: a tool may answer with megabytes. */
export function LongText({ text, limit, children }: LongTextProps) {
  const [isWhole, setIsWhole] = useState(false);
  // A little more than the limit is not worth a button.
  if (isWhole || text.length <= limit * 1.2) {
    return children(text);
  }
  const end = text.lastIndexOf("\n", limit);
  return (
    <>
      {children(text.slice(0, end > limit / 2 ? end : limit))}
      <button type="button" className="button quiet show-all" onClick={() => setIsWhole(true)}>
        Show all {count(text.length)} characters
      </button>
    </>
  );
}
