import { graphql } from "../../gql";

export const PROMPTS = graphql(`
  query Prompts($id: ID!, $after: String) {
    session(id: $id) {
      messages(roles: [USER], isInjected: false, first: 500, after: $after) {
        nodes {
          position
          text
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);
