import "./outline.css";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Link } from "wouter";

import type { SubagentFragment } from "../../gql/graphql";
import { messageAddress } from "../../shared/addresses";
import { count, counted } from "../../shared/format";
import { type Store, useStore } from "../../shared/store";
import { type Prompt, promptIndex } from "./use_prompts";

interface OutlineProps {
  sessionId: string;
  prompts: readonly Prompt[];
  subagents: readonly SubagentFragment[];
  /** The position of the message at the top of the window. */
  place: Store<number>;
  onChosen?: () => void;
}

const LINE = 34;

/** The person's prompts, each a link to its message, and the subagents of the session. */
export function Outline({ sessionId, prompts, subagents, place, onChosen }: OutlineProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const position = useStore(place);
  const current = promptIndex(prompts, position);
  const virtualizer = useVirtualizer({
    count: prompts.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 10,
  });
  useEffect(() => {
    if (current >= 0) {
      virtualizer.scrollToIndex(current, { align: "auto" });
    }
  }, [current, virtualizer]);

  return (
    <div className="outline">
      {prompts.length > 0 && (
        <nav aria-label="Prompts">
          <h2>
            Prompts <span>{count(prompts.length)}</span>
          </h2>
          <div ref={scroller} className="outline-scroller">
            <ol style={{ height: virtualizer.getTotalSize() }}>
              {virtualizer.getVirtualItems().map(({ index, start }) => {
                const prompt = prompts[index]!;
                return (
                  <li key={prompt.position} style={{ transform: `translateY(${start}px)` }}>
                    <Link
                      href={messageAddress(sessionId, prompt.position)}
                      className="outline-link"
                      aria-current={index === current ? "location" : undefined}
                      title={prompt.text}
                      dir="auto"
                      onClick={onChosen}
                    >
                      {prompt.text}
                    </Link>
                  </li>
                );
              })}
            </ol>
          </div>
        </nav>
      )}
      {subagents.length > 0 && (
        <nav aria-label="Subagents">
          <h2>
            Subagents <span>{count(subagents.length)}</span>
          </h2>
          <ul className="outline-subagents">
            {subagents.map(({ id, title, messageCount }) => (
              <li key={id}>
                <Link href={messageAddress(id)} className="outline-link" title={title}>
                  {title}
                </Link>
                <span>{counted(messageCount, "message")}</span>
              </li>
            ))}
          </ul>
        </nav>
      )}
    </div>
  );
}
