import { useApolloClient, useSubscription } from "@apollo/client/react";
import { useState } from "react";

import { reportFailure } from "../../actions/failures";
import type { ResumeProgressFragment } from "../../gql/graphql";
import { CANCEL_RESUME, RESUME_FOLLOWED, RESUME_SESSION } from "./resume_query";

/** The resume of a session: its task, and what begins and cancels it. */
export function useResume(sessionId: string, task: ResumeProgressFragment | null) {
  const client = useApolloClient();
  const [isAsking, setIsAsking] = useState(false);
  const isRunning = task?.state === "QUEUED" || task?.state === "SEEDING";
  // Its events bring the task in the cache up to date. After a server was away, the first one has the whole state.
  useSubscription(RESUME_FOLLOWED, {
    variables: { threadId: task?.threadId ?? "" },
    skip: !isRunning,
    ignoreResults: true,
  });

  async function ask(action: () => Promise<readonly { message: string }[] | undefined>) {
    setIsAsking(true);
    try {
      const refusal = (await action())?.[0];
      if (refusal) {
        throw new Error(refusal.message);
      }
    } catch (error) {
      reportFailure(error);
    } finally {
      setIsAsking(false);
    }
  }

  return {
    isRunning,
    isAsking,
    start: () =>
      ask(async () => {
        const { data } = await client.mutate({ mutation: RESUME_SESSION, variables: { input: { sessionId } } });
        return data?.resumeSession?.userErrors;
      }),
    cancel: () =>
      ask(async () => {
        const input = { threadId: task?.threadId ?? "" };
        const { data } = await client.mutate({ mutation: CANCEL_RESUME, variables: { input } });
        return data?.cancelResume?.userErrors;
      }),
  };
}

export type Resume = ReturnType<typeof useResume>;
