import type { ApolloClient } from "@apollo/client";

import { counted } from "../shared/format";
import { Store } from "../shared/store";
import { showToast, TOAST_TIME } from "../shared/toasts";
import { batches } from "./batches";
import { reportFailure } from "./failures";
import { DELETE_SESSIONS } from "./session_mutations";

/** Ids of sessions that are no longer shown, while their deletion can be undone and until the server has done it. */
export const hiddenSessions = new Store<ReadonlySet<string>>(new Set());

/** Hides sessions at once, and deletes them when the time to undo that is over or the page is left. */
export function deleteSessions(client: ApolloClient, ids: readonly string[]): void {
  hide(ids);
  const send = () => {
    stop();
    removeToast();
    batches(ids).forEach((batch) => void sendDeletion(client, batch));
  };
  const timer = setTimeout(send, TOAST_TIME);
  window.addEventListener("pagehide", send);
  const stop = () => {
    clearTimeout(timer);
    window.removeEventListener("pagehide", send);
  };
  const removeToast = showToast(`Deleted ${counted(ids.length, "session")}`, {
    name: "Undo",
    run: () => {
      stop();
      show(ids);
    },
  });
}

async function sendDeletion(client: ApolloClient, ids: readonly string[]): Promise<void> {
  try {
    const { data } = await client.mutate({
      mutation: DELETE_SESSIONS,
      variables: { input: { sessionIds: [...ids] } },
      // Sent also when the page is being left.
      context: { fetchOptions: { keepalive: true } },
      update: (cache, { data }) => {
        for (const id of data?.deleteSessions?.deletedSessionIds ?? []) {
          cache.evict({ id: cache.identify({ __typename: "Session", id }) });
        }
        cache.gc();
      },
    });
    const refusal = data?.deleteSessions?.userErrors[0];
    if (refusal) {
      throw new Error(refusal.message);
    }
  } catch (error) {
    show(ids);
    reportFailure(error);
  }
}

function hide(ids: readonly string[]): void {
  hiddenSessions.set(new Set([...hiddenSessions.get(), ...ids]));
}

function show(ids: readonly string[]): void {
  hiddenSessions.set(new Set([...hiddenSessions.get()].filter((id) => !ids.includes(id))));
}
