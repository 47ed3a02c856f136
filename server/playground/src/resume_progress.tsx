import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect, useState } from "react";

import type { GraphQLFailure, Transport } from "./transport";

const FOLLOW = `subscription ResumeProgress($threadId: ID!) {
  resumeTask(threadId: $threadId) {
    sessionId
    state
    attempt
    itemsWritten
    itemsTotal
    progress
    queuePosition
    error { message }
    session { title }
  }
}`;
const CANCEL = `mutation CancelResume($input: CancelResumeInput!) {
  payload: cancelResume(input: $input) { resumeTask { threadId } userErrors { message } }
}`;
const RESUME = `mutation ResumeAgain($input: ResumeSessionInput!) {
  payload: resumeSession(input: $input) { resumeTask { threadId } userErrors { message } }
}`;

interface ResumeTask {
  sessionId: string;
  state: "QUEUED" | "SEEDING" | "READY" | "ERROR" | "CANCELED";
  attempt: number;
  itemsWritten: number;
  itemsTotal: number;
  progress: number;
  queuePosition: number | null;
  error: { message: string } | null;
  session: { title: string } | null;
}

interface ResumeProgressProps {
  threadId: string;
  /** Rises with each mutation that answered with the task, which may have begun another attempt. */
  mutations: number;
  transport: Transport;
  isWaiting: boolean;
  onHide: () => void;
}

/** The bar below the answer that moves while a session is resumed. Give it the thread's id as its key. */
export function ResumeProgress({ threadId, mutations, transport, isWaiting, onHide }: ResumeProgressProps) {
  const [task, setTask] = useState<ResumeTask | null>(null);
  const [failure, setFailure] = useState("");
  const [isAsking, setIsAsking] = useState(false);

  // The subscription ends with the attempt.
  useEffect(
    () =>
      transport.subscribe<{ resumeTask: ResumeTask }>(
        { query: FOLLOW, variables: { threadId } },
        {
          next: ({ data, errors }) => {
            if (data) {
              setTask(data.resumeTask);
            }
            setFailure(errors?.[0]?.message ?? "");
          },
          error: (errors) => {
            const [error] = errors as GraphQLFailure[];
            if (error?.extensions?.code === "NOT_FOUND") {
              // The thread was deleted, or the page was reloaded on another database.
              onHide();
            } else {
              setFailure(error?.message ?? "");
            }
          },
          complete: () => undefined,
        },
      ),
    [transport, threadId, mutations, onHide],
  );

  async function ask(query: string, input: object) {
    setIsAsking(true);
    try {
      const { payload } = await transport.mutate<{ payload: { userErrors: GraphQLFailure[] } | null }>(query, { input });
      setFailure(payload?.userErrors[0]?.message ?? "");
    } catch (error) {
      setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setIsAsking(false);
    }
  }

  const percent = Math.round((task?.progress ?? 0) * 100);
  const isRunning = task?.state === "QUEUED" || task?.state === "SEEDING";
  const isUnfinished = task?.state === "ERROR" || task?.state === "CANCELED";
  return (
    <section className="resume" data-state={failure ? "ERROR" : task?.state} aria-label="Resume progress">
      <div className="resume-line">
        <span className="resume-state">{task?.state ?? "…"}</span>
        <span className="resume-title">{task?.session?.title ?? threadId}</span>
        <span className="resume-count" role="status">
          {isWaiting ? "Waiting for the server…" : failure || (task && counted(task))}
        </span>
        <span className="resume-actions">
          {isRunning && (
            <button type="button" disabled={isAsking} onClick={() => void ask(CANCEL, { threadId })}>
              Cancel
            </button>
          )}
          {isUnfinished && (
            <button type="button" disabled={isAsking} onClick={() => void ask(RESUME, { sessionId: task.sessionId })}>
              Resume again
            </button>
          )}
          <FollowButton />
          <button type="button" aria-label="Hide the progress" onClick={onHide}>
            ×
          </button>
        </span>
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
    <button type="button" onClick={() => changeTab(index)}>
      Subscription
    </button>
  );
}

function counted({ state, attempt, itemsWritten, itemsTotal, queuePosition, error }: ResumeTask): string {
  if (error) {
    return error.message;
  }
  if (state === "QUEUED" && queuePosition) {
    return `${queuePosition} ahead`;
  }
  const items = `${itemsWritten.toLocaleString("en")} of ${itemsTotal.toLocaleString("en")} items`;
  return attempt > 1 ? `${items}, attempt ${attempt}` : items;
}
