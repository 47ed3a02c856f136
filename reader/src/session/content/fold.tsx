import "./fold.css";

import type { ReactNode } from "react";

import { Icon } from "../../shared/icons";
import { type FoldKind, useFold } from "../folds";

interface FoldProps {
  kind: FoldKind;
  /** Unique among the folds of its kind. */
  name: string;
  label: ReactNode;
  /** The part of the content that is shown while it is folded. */
  summary?: ReactNode;
  /** After the summary: a state or a count. */
  end?: ReactNode;
  children: ReactNode;
}

/** A part of a message that is one line until it is opened. */
export function Fold({ kind, name, label, summary, end, children }: FoldProps) {
  const [isOpen, toggle] = useFold(kind, name);
  return (
    <div className="fold" data-kind={kind} data-open={isOpen}>
      <button type="button" className="fold-line" aria-expanded={isOpen} onClick={toggle}>
        <Icon name="down" />
        <span className="fold-label">{label}</span>
        <span className="fold-summary">{summary}</span>
        {end && <span className="fold-end">{end}</span>}
      </button>
      {isOpen && <div className="fold-body">{children}</div>}
    </div>
  );
}
