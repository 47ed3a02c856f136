import { type ReactNode, useEffect, useId, useRef } from "react";

interface DialogProps {
  title: string;
  className?: string;
  /** Whether the title is for screen readers only. */
  hidesTitle?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A modal dialog that is open as long as it is rendered. */
export function Dialog({ title, className = "", hidesTitle = false, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className={`dialog ${className}`}
      aria-labelledby={titleId}
      onClose={onClose}
      // The dialog itself is under the pointer only where it shows its backdrop.
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <div className="dialog-body">
        <h2 id={titleId} className={hidesTitle ? "hidden-text" : undefined}>
          {title}
        </h2>
        {children}
      </div>
    </dialog>
  );
}

/** The buttons at the end of a dialog's form: one that cancels, and one with a label that submits. */
export function DialogActions({ label, onClose }: { label: string; onClose: () => void }) {
  return (
    <div className="dialog-actions">
      <button type="button" className="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" className="button primary">
        {label}
      </button>
    </div>
  );
}
