import { useQuery, useSubscription } from "@apollo/client/react";
import { useCallback, useEffect, useRef, useState } from "react";

import type { SessionFilter, SessionOrder } from "../gql/graphql";
import { SESSION_CHANGES, SESSION_LIST } from "./session_list_query";

const PAGE = 50;
// The most that the server gives in one page.
const MOST = 500;
// Milliseconds between two refreshes of a list that changes all the time.
const PAUSE = 1_000;

/** The list of sessions as far as it was loaded, kept up to date. */
export function useSessions(filter: SessionFilter, orderBy: SessionOrder, onChanges: () => void) {
  const { data, previousData, error, loading, fetchMore, refetch } = useQuery(SESSION_LIST, {
    variables: { first: PAGE, filter, orderBy },
    notifyOnNetworkStatusChange: false,
    // Rows beyond those that a refresh asks for stay.
    refetchWritePolicy: "merge",
  });
  const list = (data ?? previousData)?.sessions;
  const loaded = list?.nodes.length ?? PAGE;

  const refresh = useThrottled(() => {
    void refetch({ first: Math.min(Math.max(loaded, PAGE), MOST) });
    onChanges();
  });
  // Of the first answer only: graphql-ws resumes from there by itself.
  const first = useRef<number>(undefined);
  first.current ??= list?.changeSeq;
  const [restarted, setRestarted] = useState<number>();
  const since = restarted ?? first.current;
  const { restart } = useSubscription(SESSION_CHANGES, {
    variables: { since },
    skip: since === undefined,
    onData: refresh,
    // The server has lost changes, as when its database was restored: the list is loaded again and followed from there.
    onError: () => {
      void refetch({ first: PAGE }).then(({ data: again }) => {
        const next = again?.sessions?.changeSeq;
        setRestarted(next);
        if (next === since) {
          restart();
        }
      });
      onChanges();
    },
    ignoreResults: true,
  });

  const endCursor = list?.pageInfo.endCursor;
  const isFetching = useRef(false);
  const loadMore = useCallback(async () => {
    if (!isFetching.current) {
      isFetching.current = true;
      try {
        await fetchMore({ variables: { first: PAGE, after: endCursor } });
      } finally {
        isFetching.current = false;
      }
    }
  }, [fetchMore, endCursor]);

  return {
    sessions: list?.nodes ?? [],
    totalCount: list?.totalCount,
    hasMore: list?.pageInfo.hasNextPage ?? false,
    isStale: !data && !!previousData,
    isLoading: loading && !list,
    error,
    retry: () => {
      void refetch();
      onChanges();
    },
    loadMore,
  };
}

/** A function that calls `action` soon, and at most once a pause however often it is called. */
export function useThrottled(action: () => void): () => void {
  const newest = useRef(action);
  newest.current = action;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const called = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  return useCallback(() => {
    if (timer.current === undefined) {
      timer.current = setTimeout(
        () => {
          timer.current = undefined;
          called.current = Date.now();
          newest.current();
        },
        Math.max(0, called.current + PAUSE - Date.now()),
      );
    }
  }, []);
}
