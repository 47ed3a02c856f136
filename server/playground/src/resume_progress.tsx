import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import type { Client } from "graphql-ws";
import { useEffect, useState } from "react";

const FOLLOW = `subscription ResumeProgress($threadId: ID!) {
  resumeTask(threadId: $threadId) {
    state
    itemsWritten
    itemsTotal
    progress
    queuePosition
    error { message }
    session { title }
  }
}`;

interface ResumeTask {
  state: "QUEUED" | "SEEDING" | "READY" | "ERROR" | "CANCELED";
  itemsWritten: number;
  itemsTotal: number;
  progress: number;
  queuePosition: number | null;
  error: { message: string } | null;
  session: { title: string } | null;
}

/** The bar below the answer that moves while a session is resumed. Give it the thread's id as its key. */
export function ResumeProgress({ threadId, socket }: { threadId: string; socket: Client }) {
  const [task, setTask] = useState<ResumeTask | null>(null);
  const [failure, setFailure] = useState("");

  useEffect(
    () =>
      socket.subscribe<{ resumeTask: ResumeTask }>(
        { query: FOLLOW, variables: { threadId } },
        {
          next: ({ data, errors }) => {
            if (data) {
              setTask(data.resumeTask);
            }
            setFailure(errors?.[0]?.message ?? "");
          },
          error: (error) => setFailure(messageOf(error)),
          complete: () => undefined,
        },
      ),
    [socket, threadId],
  );

  const percent = Math.round((task?.progress ?? 0) * 100);
  return (
    <section className="resume" data-state={failure ? "ERROR" : task?.state} aria-label="Resume progress">
      <div className="resume-line">
        <span className="resume-state">{task?.state ?? "…"}</span>
        <span className="resume-title">{task?.session?.title ?? threadId}</span>
        <span className="resume-count">{failure || (task && counted(task))}</span>
        <FollowButton />
      </div>
      <div
        className="resume-bar"
        role="progressbar"
        aria-label="Items written"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        <div style={{ width: `${percent}%` }} />
      </div>
    </section>
  );
}

/** Leads to the tab that has the subscription, as long as nobody closed it. */
function FollowButton() {
  const tabs = useGraphiQL((state) => state.tabs);
  const active = useGraphiQL((state) => state.activeTabIndex);
  const { changeTab } = useGraphiQLActions();
  const index = tabs.findIndex((tab) => tab.operationName === "FollowResume");
  if (index < 0 || index === active) {
    return null;
  }
  return (
    <button type="button" className="resume-follow" onClick={() => changeTab(index)}>
      Subscription
    </button>
  );
}

function counted({ state, itemsWritten, itemsTotal, queuePosition, error }: ResumeTask): string {
  if (error) {
    return error.message;
  }
  if (state === "QUEUED" && queuePosition) {
    return `${queuePosition} ahead`;
  }
  return `${itemsWritten.toLocaleString("en")} of ${itemsTotal.toLocaleString("en")} items`;
}

/** graphql-ws gives an error, a list of GraphQL errors or the event that closed the socket. */
function messageOf(error: unknown): string {
  if (error instanceof CloseEvent) {
    return `The socket was closed: ${error.code} ${error.reason}`.trim();
  }
  const first: unknown = Array.isArray(error) ? error[0] : error;
  return first instanceof Object && "message" in first ? String(first.message) : String(first);
}
