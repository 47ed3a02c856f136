import { useApolloClient } from "@apollo/client/react";
import { useMemo } from "react";

import type { SessionRowFragment, UpdateSessionsInput } from "../gql/graphql";
import { counted } from "../shared/format";
import { showToast } from "../shared/toasts";
import { batches } from "./batches";
import { reportFailure } from "./failures";
import { deleteSessions } from "./pending_deletions";
import { UPDATE_SESSION, UPDATE_SESSIONS } from "./session_mutations";

export type ActionSession = Pick<SessionRowFragment, "id" | "title" | "isArchived" | "isStarred" | "tags">;

/** What the person can change of a session. */
interface Details {
  title?: string;
  tags?: string[];
  note?: string;
}

type Change = Omit<UpdateSessionsInput, "sessionIds">;

/** The changes that a person makes to sessions. All show at once and are reverted if the server refuses them. */
export function useSessionActions() {
  const client = useApolloClient();
  return useMemo(() => {
    async function update(session: ActionSession, details: Details): Promise<void> {
      try {
        const { data } = await client.mutate({
          mutation: UPDATE_SESSION,
          variables: { input: { sessionId: session.id, ...details } },
        });
        refuse(data?.updateSession?.userErrors);
      } catch (error) {
        reportFailure(error);
      }
    }

    async function updateMany(sessions: readonly ActionSession[], change: Change): Promise<void> {
      await Promise.all(batches(sessions).map((batch) => updateBatch(batch, change)));
    }

    async function updateBatch(sessions: readonly ActionSession[], change: Change): Promise<void> {
      try {
        const { data } = await client.mutate({
          mutation: UPDATE_SESSIONS,
          variables: { input: { sessionIds: sessions.map(({ id }) => id), ...change } },
          optimisticResponse: {
            updateSessions: {
              __typename: "UpdateSessionsPayload",
              userErrors: [],
              sessions: sessions.map((session) => changed(session, change)),
            },
          },
        });
        refuse(data?.updateSessions?.userErrors);
      } catch (error) {
        reportFailure(error);
      }
    }

    return {
      update,
      updateMany,
      star: (sessions: readonly ActionSession[], isStarred: boolean) => updateMany(sessions, { isStarred }),
      archive: (sessions: readonly ActionSession[], isArchived: boolean) => {
        showToast(`${isArchived ? "Archived" : "Unarchived"} ${counted(sessions.length, "session")}`, {
          name: "Undo",
          run: () => void updateMany(sessions, { isArchived: !isArchived }),
        });
        return updateMany(sessions, { isArchived });
      },
      remove: (sessions: readonly ActionSession[]) =>
        deleteSessions(
          client,
          sessions.map(({ id }) => id),
        ),
    };
  }, [client]);
}

export type SessionActions = ReturnType<typeof useSessionActions>;

/** The session as the server will answer it. */
function changed(session: ActionSession, change: Change) {
  const kept = session.tags.filter((tag) => !change.removeTags?.includes(tag));
  return {
    __typename: "Session" as const,
    id: session.id,
    isArchived: change.isArchived ?? session.isArchived,
    isStarred: change.isStarred ?? session.isStarred,
    tags: [...new Set([...kept, ...(change.addTags ?? [])])],
  };
}

function refuse(userErrors: readonly { message: string }[] | undefined): void {
  if (userErrors?.[0]) {
    throw new Error(userErrors[0].message);
  }
}
