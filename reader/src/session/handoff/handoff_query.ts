import { graphql } from "../../gql";

export const AGENTS = graphql(`
  query Agents {
    agents {
      source
      name
      canHandOff
    }
  }
`);

/** The contents of the files come along for another agent: each handoff to it has an id of its own, also in the files. */
export const HANDOFF = graphql(`
  query SessionHandoff($id: ID!, $to: SessionSource!, $hasContents: Boolean!) {
    session(id: $id) {
      id
      handoff(to: $to) {
        commands
        losses {
          code
          count
          message
        }
        files {
          path
          content @include(if: $hasContents)
        }
      }
    }
  }
`);
