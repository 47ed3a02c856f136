import { graphql } from "../gql";

export const IMPORT_PROGRESS = graphql(`
  fragment ImportProgress on ImportRun {
    id
    source
    filesDone
    filesTotal
    bytesDone
    bytesTotal
    bytesPerSecond
    secondsLeft
  }
`);

/** Asked again and again while an import runs. */
export const IMPORTS = graphql(`
  query Imports {
    imports {
      ...ImportProgress
    }
  }
`);

/**
 * Counts beside the list. The values of a menu are counted without the menu's own restriction, so that others can be
 * chosen too.
 */
export const OVERVIEW = graphql(`
  query Overview(
    $query: String
    $filter: SessionFilter
    $anySource: SessionFilter
    $anyModel: SessionFilter
    $anyWorkspace: SessionFilter
    $anyTime: SessionFilter
    $all: SessionFilter
    $hidesRuns: Boolean!
    $hasSources: Boolean!
    $hasModels: Boolean!
    $hasWorkspaces: Boolean!
    $span: DateTimeRange!
    $timeZone: String!
  ) {
    sessionFacets(filter: $filter, query: $query) {
      totalCount
      sources {
        value
        sessionCount
      }
      models(first: 50) {
        value
        sessionCount
      }
      workspaces(first: 50) {
        value
        sessionCount
      }
      tags(first: 50) {
        value
        sessionCount
      }
    }
    anySource: sessionFacets(filter: $anySource, query: $query) @include(if: $hasSources) {
      sources {
        value
        sessionCount
      }
    }
    anyModel: sessionFacets(filter: $anyModel, query: $query) @include(if: $hasModels) {
      models(first: 50) {
        value
        sessionCount
      }
    }
    anyWorkspace: sessionFacets(filter: $anyWorkspace, query: $query) @include(if: $hasWorkspaces) {
      workspaces(first: 50) {
        value
        sessionCount
      }
    }
    all: sessionFacets(filter: $all, query: $query) @include(if: $hidesRuns) {
      totalCount
    }
    imports {
      ...ImportProgress
    }
    activity(filter: $anyTime, span: $span, interval: WEEK, timeZone: $timeZone) {
      start
      sessionCount
      messageCount
    }
  }
`);
