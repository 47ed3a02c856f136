import { useQuery } from "@apollo/client/react";

import type { HitLineFragment, SearchQuery, SessionFilter, SessionRowFragment } from "../gql/graphql";
import { SEARCH } from "./search_query";

/** A session with what is found in it, best first. */
export interface FoundSession {
  session: SessionRowFragment;
  hits: HitLineFragment[];
}

type Hit = NonNullable<SearchQuery["search"]>["nodes"][number];

const PAGE = 100;

/** What is found for a query, session by session. */
export function useSearch(query: string, filter?: SessionFilter) {
  const { data, previousData, error, fetchMore } = useQuery(SEARCH, {
    variables: { query, filter, first: PAGE },
    skip: !query,
  });
  const found = query ? (data ?? previousData)?.search : undefined;
  return {
    sessions: found && bySession(found.nodes),
    hitCount: found?.totalCount,
    endCursor: found?.pageInfo.hasNextPage ? found.pageInfo.endCursor : null,
    isStale: !data && !!previousData,
    error,
    loadMore: () => void fetchMore({ variables: { first: PAGE, after: found?.pageInfo.endCursor } }),
  };
}

export type Search = ReturnType<typeof useSearch>;

function bySession(hits: readonly Hit[]): FoundSession[] {
  const sessions = new Map<string, FoundSession>();
  for (const { session, ...hit } of hits) {
    const found = sessions.get(session.id) ?? { session, hits: [] };
    found.hits.push(hit);
    sessions.set(session.id, found);
  }
  return [...sessions.values()];
}
