import { graphql } from "../gql";

export const SEARCH = graphql(`
  query Search($query: String!, $first: Int!, $after: String, $filter: SessionFilter) {
    search(query: $query, first: $first, after: $after, filter: $filter) {
      nodes {
        session {
          ...SessionRow
        }
        ...HitLine
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      totalCount
    }
  }
`);

export const HIT_LINE = graphql(`
  fragment HitLine on SearchHit {
    message {
      id
      position
      role
    }
    snippet
    highlights {
      start
      end
    }
  }
`);
