// What an app built on Relay would hold: a list with more to load, a deletion, a resume that is followed.
import { graphql } from 'relay-runtime'

graphql`
  fragment documents_list on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" })
  @refetchable(queryName: "documentsListQuery") {
    sessions(first: $first, after: $after) @connection(key: "documents_sessions") {
      __id
      edges {
        node {
          id
          title
          ...documents_transcript
        }
      }
      totalCount
    }
  }
`

graphql`
  fragment documents_transcript on Session
  @argumentDefinitions(first: { type: "Int", defaultValue: 50 }, after: { type: "String" }) {
    messages(first: $first, after: $after) @connection(key: "documents_messages") {
      edges {
        node {
          id
          content {
            __typename
            ... on TextBlock { text }
            ... on ToolUseBlock { name input }
          }
        }
      }
    }
  }
`

graphql`
  query documentsQuery {
    ...documents_list
  }
`

graphql`
  mutation documentsDeleteMutation($input: DeleteSessionInput!, $connections: [ID!]!) {
    deleteSession(input: $input) {
      deletedSessionId @deleteEdge(connections: $connections) @deleteRecord
      userErrors { code message path }
    }
  }
`

graphql`
  mutation documentsResumeMutation($input: ResumeSessionInput!) {
    resumeSession(input: $input) {
      resumeTask { id ...documents_task }
      userErrors { code message path }
    }
  }
`

graphql`
  fragment documents_task on ResumeTask {
    state
    itemsWritten
    itemsTotal
    error { code message }
  }
`

graphql`
  subscription documentsTaskSubscription($threadId: ID!) {
    resumeTask(threadId: $threadId) {
      id
      ...documents_task
    }
  }
`
