import "./resume_bar.css";

import { connection } from "../../app/connection";
import type { ResumeProgressFragment } from "../../gql/graphql";
import { count } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { ProgressBar } from "../../shared/progress_bar";
import { useStore } from "../../shared/store";
import { CopyButton } from "../content/copy_button";
import type { Resume } from "./use_resume";

interface ResumeBarProps {
  task: ResumeProgressFragment;
  resume: Resume;
  onClose: () => void;
}

/** How far the resume of a session is. */
export function ResumeBar({ task, resume, onClose }: ResumeBarProps) {
  const isAway = useStore(connection) === "away" && resume.isRunning;
  return (
    <section className="resume" data-state={task.state} aria-label="Resume">
      <div className="resume-line">
        <span role="status" aria-live="polite">
          {isAway ? "The server is unavailable. The resume continues when it is back." : textOf(task)}
        </span>
        {task.state === "SEEDING" && (
          <span className="progress-count" aria-hidden="true">
            {count(task.itemsWritten)} of {count(task.itemsTotal)} items
          </span>
        )}
        {resume.isRunning ? (
          <button type="button" className="button" disabled={resume.isAsking} onClick={() => void resume.cancel()}>
            Cancel
          </button>
        ) : (
          <>
            {task.state === "READY" ? (
              <CopyButton text={task.threadId} label="Copy the thread's id" />
            ) : (
              <button type="button" className="button" disabled={resume.isAsking} onClick={() => void resume.start()}>
                Try again
              </button>
            )}
            <button type="button" className="button quiet square" aria-label="Close" onClick={onClose}>
              <Icon name="close" />
            </button>
          </>
        )}
      </div>
      {resume.isRunning && <ProgressBar label="Items of the thread that are written" part={task.progress} />}
    </section>
  );
}

function textOf(task: ResumeProgressFragment): string {
  switch (task.state) {
    case "QUEUED":
      return task.queuePosition ? `Waiting: ${count(task.queuePosition)} ahead` : "Waiting";
    case "SEEDING":
      return "Resuming";
    case "READY":
      return `Resumed into ${task.threadId}`;
    case "CANCELED":
      return "The resume was canceled";
    default:
      return `The resume failed: ${task.error?.message ?? "for an unknown reason"}`;
  }
}
