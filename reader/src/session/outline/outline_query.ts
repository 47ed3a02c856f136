import { graphql } from "../../gql";

export const PROMPTS = graphql(`
  query Prompts($id: ID!, $after: String) {
    session(id: $id) {
      messages(roles: [USER], isInjected: false, first: 500, after: $after) {
        nodes {
          position
          summary(maxLength: 300)
          # Messages that only have answers of tools have no text.
          beginning: text(maxLength: 1)
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  }
`);
