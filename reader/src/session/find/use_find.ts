import { useQuery } from "@apollo/client/react";
import { useEffect, useMemo, useState } from "react";

import type { FindInSessionQuery } from "../../gql/graphql";
import { FIND } from "./find_query";

export type FoundHit = NonNullable<NonNullable<FindInSessionQuery["session"]>["search"]>["nodes"][number];

// Hits that are listed; more of them are better found by another word.
const MOST = 200;
// Milliseconds between the last key and the search.
const PAUSE = 150;

/** Search within a session: what is typed, the hits, and the one that is shown. `asked` is in the address. */
export function useFind(sessionId: string, asked: string) {
  const [text, setText] = useState(asked);
  const [query, setQuery] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const [index, setIndex] = useState(-1);
  useEffect(() => {
    const timer = setTimeout(() => setQuery(text.trim()), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  const { data, previousData, error, loading } = useQuery(FIND, {
    variables: { id: sessionId, query, first: MOST },
    skip: query === "",
    fetchPolicy: "no-cache",
  });
  const search = query === "" ? undefined : ((data ?? previousData)?.session?.search ?? undefined);
  // Hits in the title are not in the transcript.
  const hits = useMemo(() => search?.nodes.filter(({ message }) => message !== null) ?? [], [search]);
  const words = useMemo(() => matchedWords(hits), [hits]);
  useEffect(() => setIndex(-1), [hits]);

  return {
    text,
    setText,
    query,
    hits,
    words,
    totalCount: search?.totalCount ?? 0,
    isSearching: loading || text.trim() !== query,
    error: query === "" ? undefined : error,
    index,
    setIndex,
  };
}

export type Find = ReturnType<typeof useFind>;

/** The matches that the server found, in lower case: it knows the forms of words. */
function matchedWords(hits: readonly FoundHit[]): readonly string[] {
  const words = new Set<string>();
  for (const { snippet, highlights } of hits) {
    const characters = [...snippet];
    for (const { start, end } of highlights) {
      words.add(characters.slice(start, end).join("").toLowerCase());
    }
  }
  return [...words].filter(Boolean);
}
