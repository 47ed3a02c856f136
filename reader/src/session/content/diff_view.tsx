import "./diff_view.css";

import { useState } from "react";

import { counted } from "../../shared/format";
import { Highlighted, languageOf } from "./code";
import type { DiffLine, FileChange } from "./file_changes";

// Lines that are shown at first.
const LIMIT = 300;
const SIGNS: Record<DiffLine["kind"], string> = { added: "+", removed: "−", same: " ", gap: "⋯" };

/** What changes in a file, line by line. */
export function DiffView({ path, lines }: FileChange) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? lines : lines.slice(0, LIMIT);
  const language = languageOf(path);
  return (
    <figure className="diff">
      <figcaption>{path}</figcaption>
      <pre tabIndex={0} role="group" aria-label={`Changes of ${path}`}>
        {shown.map((line, index) => (
          <div key={index} className="diff-line" data-kind={line.kind}>
            <span className="diff-sign">{SIGNS[line.kind]}</span>
            <code>{line.kind === "gap" ? line.text : <Highlighted code={line.text} language={language} />}</code>
          </div>
        ))}
      </pre>
      {shown.length < lines.length && (
        <button type="button" className="button quiet show-all" onClick={() => setIsWhole(true)}>
          Show all {counted(lines.length, "line")}
        </button>
      )}
    </figure>
  );
}
