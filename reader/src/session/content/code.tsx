import "./code.css";

import { type ReactNode, useEffect, useState } from "react";

import { CopyButton } from "./copy_button";
import { LongText } from "./long_text";

type Highlight = (code: string, language: string) => ReactNode;

// Highlighting of more than this would hold up the scrolling.
const LONGEST = 30_000;

// Loaded when the first code comes into sight.
let loaded: Highlight | undefined;

interface CodeProps {
  code: string;
  language?: string;
  /** For screen readers. */
  label?: string;
}

/** Code in its own box, with its colors when the highlighter has arrived. */
export function CodeBlock({ code, language = "", label = "Code" }: CodeProps) {
  return (
    <div className="code-block">
      <LongText text={code} limit={LONGEST}>
        {(shown) => (
          // Scrolls, so that it takes the focus.
          <pre tabIndex={0} role="group" aria-label={language ? `${label}, ${language}` : label}>
            <code>
              <Highlighted code={shown} language={language} />
            </code>
          </pre>
        )}
      </LongText>
      <CopyButton text={code} />
    </div>
  );
}

export function Highlighted({ code, language }: { code: string; language: string }) {
  const [highlight, setHighlight] = useState(() => loaded);
  const isWanted = language !== "" && code.length <= LONGEST;
  useEffect(() => {
    if (isWanted && !loaded) {
      void import("./highlighter").then((module) => {
        loaded = module.highlight;
        setHighlight(() => loaded);
      });
    }
  }, [isWanted]);
  return (isWanted && highlight?.(code, language)) || code;
}

/** The language that an extension of a file stands for, as the highlighter knows it by its aliases. */
export function languageOf(path: string): string {
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return { mjs: "js", cjs: "js", mts: "ts", cts: "ts", htm: "html", vue: "html", svelte: "html" }[extension] ?? extension;
}
