import { graphql } from "../../gql";

export const FIND = graphql(`
  query FindInSession($id: ID!, $query: String!, $first: Int!) {
    session(id: $id) {
      id
      search(query: $query, first: $first) {
        nodes {
          id
          blockPosition
          ...HitLine
        }
        totalCount
      }
    }
  }
`);
