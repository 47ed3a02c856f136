import { graphql } from "../gql";

/** The tags of all sessions, most frequent first. */
export const KNOWN_TAGS = graphql(`
  query KnownTags {
    sessionFacets(filter: { archived: ANY, kinds: [MAIN, FORK, SUBAGENT] }) {
      tags(first: 200) {
        value
      }
    }
  }
`);
