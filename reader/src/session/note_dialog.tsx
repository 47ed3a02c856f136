import type { FormEvent } from "react";

import { Dialog, DialogActions } from "../shared/dialog";

interface NoteDialogProps {
  note: string;
  onSave: (note: string) => void;
  onClose: () => void;
}

/** Writes a person's note on a session. */
export function NoteDialog({ note, onSave, onClose }: NoteDialogProps) {
  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const written = String(new FormData(event.currentTarget).get("note")).trim();
    if (written !== note) {
      onSave(written);
    }
    onClose();
  }

  return (
    <Dialog title="Note" onClose={onClose}>
      <form onSubmit={submit}>
        <textarea className="field note-field" name="note" aria-label="Note" defaultValue={note} maxLength={10_000} rows={7} autoFocus />
        <DialogActions label="Save" onClose={onClose} />
      </form>
    </Dialog>
  );
}
