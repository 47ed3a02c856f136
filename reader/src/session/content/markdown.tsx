import "./markdown.css";

import { memo, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";

import { CodeBlock } from "./code";
import { LongText } from "./long_text";
import { Picture } from "./picture";
import { followable, isInlinePicture } from "./safe_urls";

// Characters that are parsed at first.
const LIMIT = 20_000;

// Characters with a meaning in Markdown, above which parsing takes too long; and levels of quotes.
const MOST_MARKS = 4_000;
const DEEPEST = /^[ \t]*(?:>[ \t]?){30}/m;

const PLUGINS = [remarkGfm];

// Headings in a message stand below the message's own, whichever level they have there.
const heading = (level: number) =>
  function Heading({ children }: { children?: ReactNode }) {
    return <h3 data-level={level}>{children}</h3>;
  };

const COMPONENTS: Components = {
  h1: heading(1),
  h2: heading(2),
  h3: heading(3),
  h4: heading(4),
  h5: heading(5),
  h6: heading(6),
  a: ({ href, children }) =>
    href ? (
      <a href={href} target="_blank" rel="noopener noreferrer">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ src, alt }) => <Picture url={typeof src === "string" ? src : ""} alt={alt} />,
  input: ({ checked }) => <span className="task">{checked ? "☑" : "☐"}</span>,
  table: ({ children }) => (
    <div className="table" tabIndex={0} role="group" aria-label="Table">
      <table>{children}</table>
    </div>
  ),
  pre: ({ node }) => {
    const code = node?.children[0];
    if (code?.type !== "element") {
      return null;
    }
    const names = code.properties.className;
    const language = Array.isArray(names) ? String(names[0]).replace(/^language-/, "") : "";
    const text = code.children.map((child) => (child.type === "text" ? child.value : "")).join("");
    return <CodeBlock code={text.replace(/\n$/, "")} language={language} />;
  },
};

/**
 * Text with Markdown as elements. HTML in it is shown as text, links lead to the web or nowhere, and no picture is
 * loaded: whatever wrote the transcript is not trusted.
 */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown" dir="auto">
      <LongText text={text} limit={LIMIT}>
        {(shown) =>
          isCostly(shown) ? (
            <div className="plain-text">{shown}</div>
          ) : (
            <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} urlTransform={safeAddress}>
              {shown}
            </ReactMarkdown>
          )
        }
      </LongText>
    </div>
  );
});

/** Whether a text would hold up the page, as no text does that was written to be read. */
function isCostly(text: string): boolean {
  return (text.match(/[*_[\]~|<>`]/g)?.length ?? 0) > MOST_MARKS || DEEPEST.test(text);
}

function safeAddress(address: string, property: string): string {
  return property === "src" && isInlinePicture(address) ? address : followable(address);
}
