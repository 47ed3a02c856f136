import { useQuery } from "@apollo/client/react";
import { type FormEvent, useState } from "react";

import { Dialog, DialogActions } from "../shared/dialog";
import { counted } from "../shared/format";
import { Icon } from "../shared/icons";
import { KNOWN_TAGS } from "./session_queries";
import { type ActionSession, useSessionActions } from "./use_session_actions";

interface TagsDialogProps {
  sessions: readonly ActionSession[];
  onClose: () => void;
}

/** Adds tags to sessions and takes away those that one of them has. Tags of other sessions are offered. */
export function TagsDialog({ sessions, onClose }: TagsDialogProps) {
  const { data } = useQuery(KNOWN_TAGS, { fetchPolicy: "cache-and-network" });
  const known = data?.sessionFacets.tags ?? [];
  const { updateMany } = useSessionActions();
  const before = [...new Set(sessions.flatMap((session) => session.tags))];
  const [tags, setTags] = useState(before);
  const [text, setText] = useState("");

  const add = () => setTags([...new Set([...tags, ...text.split(",").map((tag) => tag.trim()).filter(Boolean)])]);

  function submit(event: FormEvent) {
    event.preventDefault();
    // Enter adds what is typed, and saves when nothing is.
    if (text.trim()) {
      add();
      setText("");
      return;
    }
    const addTags = tags.filter((tag) => !before.includes(tag));
    const removeTags = before.filter((tag) => !tags.includes(tag));
    if (addTags.length || removeTags.length) {
      void updateMany(sessions, { addTags, removeTags });
    }
    onClose();
  }

  return (
    <Dialog title={sessions.length === 1 ? "Tags" : `Tags of ${counted(sessions.length, "session")}`} onClose={onClose}>
      <form onSubmit={submit}>
        <ul className="tag-list">
          {tags.map((tag) => (
            <li key={tag} className="tag">
              {tag}
              <button
                type="button"
                aria-label={`Take away ${tag}`}
                onClick={() => setTags(tags.filter((other) => other !== tag))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
        <input
          className="field"
          aria-label="New tag"
          placeholder="New tag"
          value={text}
          maxLength={50}
          list="known-tags"
          autoFocus
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
        />
        <datalist id="known-tags">
          {known.map(({ value }) => (
            <option key={value} value={value} />
          ))}
        </datalist>
        <DialogActions label={text.trim() ? "Add" : "Save"} onClose={onClose} />
      </form>
    </Dialog>
  );
}
