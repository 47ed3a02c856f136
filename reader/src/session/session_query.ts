import { graphql } from "../gql";

export const SESSION_HEAD = graphql(`
  fragment SessionHead on Session {
    ...SessionRow
    mode
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

export const SUBAGENT = graphql(`
  fragment Subagent on Session {
    id
    title
    firstPrompt
    messageCount
  }
`);
