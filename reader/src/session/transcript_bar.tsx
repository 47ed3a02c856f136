import "./transcript_bar.css";

import { type ReactNode, useContext, useSyncExternalStore } from "react";

import { count } from "../shared/format";
import { Icon } from "../shared/icons";
import { type Store, useStore } from "../shared/store";
import { type FoldKind, FoldsContext } from "./folds";

interface TranscriptBarProps {
  title: string;
  messageCount: number;
  place: Store<number>;
  children: ReactNode;
  /** Shows the outline where the page is too narrow to have it beside the transcript. */
  onOutline: () => void;
}

const KINDS: { kind: FoldKind; name: string }[] = [
  { kind: "tool", name: "Tools" },
  { kind: "thinking", name: "Thinking" },
];

/** The bar that stays above the transcript: where one is in it, the search in it, and what is folded. */
export function TranscriptBar({ title, messageCount, place, children, onOutline }: TranscriptBarProps) {
  const position = useStore(place);
  return (
    <div className="transcript-bar">
      <span className="transcript-place" title={title}>
        {count(Math.min(position + 1, messageCount))} <span>of {count(messageCount)}</span>
      </span>
      {children}
      <div className="transcript-switches" role="group" aria-label="Show opened">
        {KINDS.map((each) => (
          <FoldSwitch key={each.kind} {...each} />
        ))}
      </div>
      <button type="button" className="button quiet outline-button" onClick={onOutline}>
        Prompts
      </button>
    </div>
  );
}

function FoldSwitch({ kind, name }: { kind: FoldKind; name: string }) {
  const folds = useContext(FoldsContext);
  const isOpen = useSyncExternalStore(folds.subscribe, () => folds.isKindOpen(kind));
  return (
    <button
      type="button"
      className="button quiet fold-switch"
      aria-pressed={isOpen}
      title={isOpen ? `Fold all: ${name}` : `Open all: ${name}`}
      onClick={() => folds.setKind(kind, !isOpen)}
    >
      <Icon name="down" />
      {name}
    </button>
  );
}
