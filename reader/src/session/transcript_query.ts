import { graphql } from "../gql";

/** A message with everything that the transcript shows of it. */
export const TRANSCRIPT_MESSAGE = graphql(`
  fragment TranscriptMessage on Message {
    id
    position
    role
    createdAt
    isInjected
    model
    content {
      __typename
      position
      ... on TextBlock {
        text
      }
      ... on ThinkingBlock {
        thinking
      }
      ... on ToolUseBlock {
        toolUseId
        name
        input
        result {
          text
          isError
          images {
            url
          }
          message {
            position
          }
        }
      }
      ... on ToolResultBlock {
        toolUseId
      }
      ... on ImageBlock {
        url
      }
      ... on CompactionBlock {
        summary
      }
      ... on OtherBlock {
        blockKind
        raw
      }
    }
  }
`);

export const TRANSCRIPT_PAGE = graphql(`
  query TranscriptPage($id: ID!, $first: Int!, $from: Int!) {
    session(id: $id) {
      messages(first: $first, from: $from) {
        nodes {
          ...TranscriptMessage
        }
      }
    }
  }
`);
