import { graphql } from "../gql";

export const SESSION_HEAD = graphql(`
  fragment SessionHead on Session {
    ...SessionRow
    note
    createdAt
    recordedCost
    usage {
      inputTokens
      cacheReadTokens
      cacheWriteTokens
      outputTokens
      reasoningTokens
      totalTokens
    }
    parent {
      id
      title
    }
    resumeTask {
      ...ResumeProgress
    }
  }
`);

export const SUBAGENT = graphql(`
  fragment Subagent on Session {
    id
    title
    firstPrompt
    messageCount
  }
`);

export const SESSION_PAGE = graphql(`
  query SessionPage($id: ID!) {
    session(id: $id) {
      ...SessionHead
      children(first: 100, kinds: [SUBAGENT]) {
        nodes {
          ...Subagent
        }
        changeSeq
      }
    }
  }
`);

/** Brings the session up to date, and tells that its messages are to be asked for again. */
export const SESSION_FOLLOWED = graphql(`
  subscription SessionFollowed($since: BigInt) {
    sessionChanges(since: $since, filter: { archived: ANY, kinds: [MAIN, FORK, SUBAGENT] }) {
      kind
      sessionId
      session {
        ...SessionHead
      }
    }
  }
`);

export const SESSION_DOCUMENT = graphql(`
  query SessionDocument($id: ID!) {
    session(id: $id) {
      id
      document
    }
  }
`);
