import { useApolloClient } from "@apollo/client/react";
import { useState } from "react";
import { Link, useLocation } from "wouter";

import { reportFailure } from "../actions/failures";
import { SessionMenu } from "../actions/session_menu";
import { TagsDialog } from "../actions/tags_dialog";
import { useSessionActions } from "../actions/use_session_actions";
import type { SessionHeadFragment } from "../gql/graphql";
import { messageAddress } from "../shared/addresses";
import { Icon } from "../shared/icons";
import { useKeys } from "../shared/keys";
import { fullTitle } from "../shared/title";
import { showToast } from "../shared/toasts";
import { download } from "./download";
import { EditableTitle } from "./editable_title";
import { HandoffDialog } from "./handoff/handoff_dialog";
import { NoteDialog } from "./note_dialog";
import { ResumeBar } from "./resume/resume_bar";
import { useResume } from "./resume/use_resume";
import { SessionFacts } from "./session_facts";
import { SESSION_DOCUMENT } from "./session_query";

/** Title and facts of a session, and the actions on it. */
export function SessionHeader({ session }: { session: SessionHeadFragment }) {
  const client = useApolloClient();
  const [, navigate] = useLocation();
  const actions = useSessionActions();
  const resume = useResume(session.id, session.resumeTask);
  // Resumes that ended before the page was opened are not shown until another one begins.
  const [isResumeShown, setIsResumeShown] = useState(resume.isRunning);
  const [isRenaming, setIsRenaming] = useState(false);
  const [shown, setShown] = useState<"tags" | "note" | "handoff">();
  const close = () => setShown(undefined);

  const star = () => void actions.star([session], !session.isStarred);
  const archive = () => void actions.archive([session], !session.isArchived);
  function remove() {
    actions.remove([session]);
    navigate("/");
  }
  async function exportDocument() {
    try {
      const { data } = await client.query({
        query: SESSION_DOCUMENT,
        variables: { id: session.id },
        fetchPolicy: "no-cache",
      });
      const document = data?.session?.document ?? "";
      download(`${session.id}.${isLines(document) ? "jsonl" : "json"}`, document);
    } catch (error) {
      reportFailure(error);
    }
  }
  function copyId() {
    void navigator.clipboard.writeText(session.id).then(() => showToast("Copied the id"));
  }

  // The key must not be typed into the field that it opens.
  const act = (action: () => void) => (event: KeyboardEvent) => {
    event.preventDefault();
    action();
  };
  useKeys({
    r: act(() => setIsRenaming(true)),
    s: act(star),
    e: act(archive),
    t: act(() => setShown("tags")),
    n: act(() => setShown("note")),
    c: act(() => setShown("handoff")),
    "#": act(remove),
    u: act(() => navigate("/")),
  });

  return (
    <div className="session-head">
      <nav aria-label="Way back" className="session-back">
        <Link href="/">
          <Icon name="arrow" />
          All sessions
        </Link>
        {session.parent && (
          <Link href={messageAddress(session.parent.id)}>
            {session.kind === "SUBAGENT" ? "Subagent of" : "Fork of"} {session.parent.title}
          </Link>
        )}
      </nav>
      <EditableTitle
        title={session.title}
        shown={fullTitle(session)}
        isEditing={isRenaming}
        onEdit={() => setIsRenaming(true)}
        onDone={(title) => {
          setIsRenaming(false);
          if (title) {
            void actions.update(session, { title });
          }
        }}
      />
      <SessionFacts session={session} />
      {session.note && (
        <button type="button" className="note" onClick={() => setShown("note")} aria-label={`Note: ${session.note}`}>
          {session.note}
        </button>
      )}
      <div className="session-actions">
        <button type="button" className="button primary" title="Continue (c)" onClick={() => setShown("handoff")}>
          <Icon name="play" />
          Continue
        </button>
        <button
          type="button"
          className="button"
          title="Resume into a thread of this server"
          disabled={resume.isRunning || resume.isAsking}
          onClick={() => {
            setIsResumeShown(true);
            void resume.start();
          }}
        >
          Resume
        </button>
        <button
          type="button"
          className="button quiet square star"
          aria-label="Star"
          title="Star (s)"
          aria-pressed={session.isStarred}
          onClick={star}
        >
          <Icon name="star" isFilled={session.isStarred} />
        </button>
        <SessionMenu
          label="More"
          entries={[
            { name: "Rename", icon: "pencil", shortcut: "r", run: () => setIsRenaming(true) },
            { name: "Tags", icon: "tag", shortcut: "t", run: () => setShown("tags") },
            { name: "Note", icon: "message", shortcut: "n", run: () => setShown("note") },
            { name: "Export", icon: "download", run: () => void exportDocument() },
            { name: "Copy id", icon: "copy", run: copyId },
            { name: session.isArchived ? "Unarchive" : "Archive", icon: "archive", shortcut: "e", run: archive },
            { name: "Delete", icon: "trash", shortcut: "#", isDanger: true, run: remove },
          ]}
        />
        {session.isArchived && <span className="kind">Archived</span>}
      </div>
      {session.resumeTask && (isResumeShown || resume.isRunning) && (
        <ResumeBar task={session.resumeTask} resume={resume} onClose={() => setIsResumeShown(false)} />
      )}
      {shown === "tags" && <TagsDialog sessions={[session]} onClose={close} />}
      {shown === "note" && (
        <NoteDialog
          note={session.note ?? ""}
          onSave={(note) => void actions.update(session, { note })}
          onClose={close}
        />
      )}
      {shown === "handoff" && <HandoffDialog session={session} onClose={close} />}
    </div>
  );
}

/** Whether a document is JSON line by line, as its first line tells. */
function isLines(document: string): boolean {
  const end = document.indexOf("\n");
  if (end < 0 || !document.slice(end).trim()) {
    return false;
  }
  try {
    JSON.parse(document.slice(0, end));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) {
      return false;
    }
    throw error;
  }
}
