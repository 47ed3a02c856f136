import { graphql } from "../gql";

export const SESSION_PAGE = graphql(`
  query SessionPage($id: ID!) {
    session(id: $id) {
      ...SessionRow
      messages(first: 50) {
        nodes {
          id
          position
          role
          text
        }
        pageInfo {
          hasNextPage
          endCursor
        }
        totalCount
      }
    }
  }
`);
