import { graphql } from "../gql";

/** Sessions in which something is found, each with its best hits. */
export const SEARCH_SESSIONS = graphql(`
  query SearchSessions($query: String!, $first: Int!, $after: String, $hits: Int!, $filter: SessionFilter) {
    searchSessions(query: $query, first: $first, after: $after, filter: $filter) {
      nodes {
        session {
          ...SessionRow
        }
        hitCount
        hits(first: $hits) {
          ...HitLine
        }
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
    id
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
