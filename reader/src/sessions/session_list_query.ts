import { graphql } from "../gql";

/** The fields of a session that a row of the list shows. */
export const SESSION_ROW = graphql(`
  fragment SessionRow on Session {
    id
    title
    firstPrompt
    source
    agentVersion
    model
    workspace
    gitBranch
    kind
    isArchived
    isStarred
    tags
    messageCount
    totalTokens
    tools {
      kind
      callCount
    }
    updatedAt
  }
`);

export const SESSION_LIST = graphql(`
  query SessionList($first: Int!, $after: String, $filter: SessionFilter, $orderBy: SessionOrder!) {
    sessions(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
      nodes {
        ...SessionRow
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
      changeSeq
    }
  }
`);

/** Brings rows up to date by their ids, and reports that the list must be requested again. */
export const SESSION_CHANGES = graphql(`
  subscription SessionChanges($since: BigInt, $filter: SessionFilter) {
    sessionChanges(since: $since, filter: $filter) {
      seq
      kind
      sessionId
      session {
        ...SessionRow
      }
    }
  }
`);
