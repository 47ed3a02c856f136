import { useQuery } from "@apollo/client/react";

import type { SearchSessionsQuery, SessionFilter } from "../gql/graphql";
import { SEARCH_SESSIONS } from "./search_query";

/** A session with the best hits in it. */
export type FoundSession = NonNullable<SearchSessionsQuery["searchSessions"]>["nodes"][number];

interface Wanted {
  /** Sessions in a page. */
  sessions: number;
  /** Hits of each. */
  hits: number;
}

/** The results of a query, session by session; the previous ones until new ones have arrived. */
export function useSearch(query: string, wanted: Wanted, filter?: SessionFilter) {
  const { data, previousData, error, fetchMore, refetch } = useQuery(SEARCH_SESSIONS, {
    variables: { query, filter, first: wanted.sessions, hits: wanted.hits },
    skip: !query,
    refetchWritePolicy: "merge",
  });
  const found = query ? (data ?? previousData)?.searchSessions : undefined;
  return {
    query,
    sessions: found?.nodes,
    totalCount: found?.totalCount,
    endCursor: found?.pageInfo.hasNextPage ? found.pageInfo.endCursor : null,
    isStale: !data && !!previousData,
    error,
    /** Requests the first page again; the shown results stay until it has arrived. */
    refresh: () => void refetch(),
    loadMore: () => void fetchMore({ variables: { after: found?.pageInfo.endCursor } }),
  };
}

export type Search = ReturnType<typeof useSearch>;
