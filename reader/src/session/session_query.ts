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

/** The session, and its messages from the place on at which the page begins. */
export const SESSION_PAGE = graphql(`
  query SessionPage($id: ID!, $first: Int!, $from: Int!) {
    session(id: $id) {
      ...SessionHead
      messages(first: $first, from: $from) {
        nodes {
          ...TranscriptMessage
        }
      }
      children(first: 100, kinds: [SUBAGENT]) {
        nodes {
          ...Subagent
        }
        changeSeq
      }
    }
  }
`);

/** Brings the session up to date, and reports that its messages must be requested again. */
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
