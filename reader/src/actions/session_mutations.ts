import { graphql } from "../gql";

export const UPDATE_SESSION = graphql(`
  mutation UpdateSession($input: UpdateSessionInput!) {
    updateSession(input: $input) {
      userErrors {
        message
      }
      session {
        id
        title
        isArchived
        isStarred
        tags
        note
      }
    }
  }
`);

export const UPDATE_SESSIONS = graphql(`
  mutation UpdateSessions($input: UpdateSessionsInput!) {
    updateSessions(input: $input) {
      userErrors {
        message
      }
      sessions {
        id
        isArchived
        isStarred
        tags
      }
    }
  }
`);

export const DELETE_SESSIONS = graphql(`
  mutation DeleteSessions($input: DeleteSessionsInput!) {
    deleteSessions(input: $input) {
      userErrors {
        message
      }
      deletedSessionIds
    }
  }
`);
