// Documents that several suites send.

export const SESSIONS = /* GraphQL */ `
  query Sessions($first: Int, $after: String) {
    sessions(first: $first, after: $after, orderBy: { field: TITLE, direction: ASC }) {
      edges { cursor node { id title messageCount } }
      pageInfo { startCursor endCursor hasNextPage hasPreviousPage }
      totalCount
    }
  }
`

export const RESUME = /* GraphQL */ `
  mutation Resume($input: ResumeSessionInput!) {
    resumeSession(input: $input) {
      resumeTask { id threadId state itemsWritten itemsTotal revision }
      isReused
      userErrors { code message path }
    }
  }
`

export const CANCEL = /* GraphQL */ `
  mutation Cancel($threadId: ID!) {
    cancelResume(input: { threadId: $threadId }) { resumeTask { id state } userErrors { code } }
  }
`

export const TASK = /* GraphQL */ `
  query Task($threadId: ID!) {
    resumeTask(threadId: $threadId) { id state itemsWritten itemsTotal revision }
  }
`

export const WATCH = /* GraphQL */ `
  subscription Watch($threadId: ID!) {
    resumeTask(threadId: $threadId) { id state itemsWritten itemsTotal revision }
  }
`

export const DELETE = /* GraphQL */ `
  mutation Delete($sessionId: ID!) {
    deleteSession(input: { sessionId: $sessionId }) { deletedSessionId userErrors { code } }
  }
`

export const RENAME = /* GraphQL */ `
  mutation Rename($input: UpdateSessionInput!) {
    updateSession(input: $input) { session { id title } userErrors { code message path } }
  }
`

/** A sample session with almost two thousand items. */
export const LONG_SESSION = '6a0f2d1e-58b7-4c39-9f62-1d7e03c4ab90'

/** A sample session with about sixty messages. */
export const SHORT_SESSION = '49f1c7e2-3916-41df-93d3-8b6347e37c09'
