import { type FieldPolicy, InMemoryCache, type Reference } from "@apollo/client";

interface Page<Node = Reference> {
  nodes: readonly Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** A cache in which the pages of a list join into one list. */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    typePolicies: {
      Query: {
        fields: {
          sessions: joinedPages(["filter", "orderBy"]),
          searchSessions: foundPages(["query", "filter", "first"]),
        },
      },
      // Its snippet is that of one query: hits of other queries in the same message have the same id.
      SearchHit: { keyFields: false },
    },
  });
}

/**
 * A page that follows a cursor is added to the list. A page from the start replaces as much of the list as it covers,
 * so that a list that was loaded far down can be refreshed at its top.
 */
function joinedPages(keyArgs: string[]): FieldPolicy<Page> {
  return {
    keyArgs,
    merge(existing, incoming, { args }) {
      if (!existing) {
        return incoming;
      }
      if (args?.after) {
        return { ...existing, ...incoming, nodes: distinct(existing.nodes, incoming.nodes) };
      }
      const last = incoming.nodes.at(-1)?.__ref;
      const covered = incoming.pageInfo.hasNextPage ? existing.nodes.findIndex((node) => node.__ref === last) : -1;
      if (covered < 0) {
        return incoming;
      }
      const nodes = distinct(incoming.nodes, existing.nodes.slice(covered + 1));
      const isWhole = nodes.length === incoming.nodes.length;
      return { ...incoming, nodes, pageInfo: isWhole ? incoming.pageInfo : existing.pageInfo };
    },
  };
}

interface Found {
  session: Reference;
}

/**
 * A page that follows a cursor is added to the list. The first page again replaces what is in it, and stands before
 * the rest of the list.
 */
function foundPages(keyArgs: string[]): FieldPolicy<Page<Found>> {
  return {
    keyArgs,
    merge(existing, incoming, { args }) {
      if (!existing) {
        return incoming;
      }
      if (args?.after) {
        const known = new Set(existing.nodes.map(({ session }) => session.__ref));
        return { ...incoming, nodes: [...existing.nodes, ...incoming.nodes.filter(({ session }) => !known.has(session.__ref))] };
      }
      const fresh = new Set(incoming.nodes.map(({ session }) => session.__ref));
      const rest = existing.nodes.slice(args?.first).filter(({ session }) => !fresh.has(session.__ref));
      const isWhole = !incoming.pageInfo.hasNextPage || rest.length === 0;
      return isWhole ? incoming : { ...incoming, nodes: [...incoming.nodes, ...rest], pageInfo: existing.pageInfo };
    },
  };
}

/** Both lists in a row; an item of both stands in its first place only. */
function distinct(first: readonly Reference[], second: readonly Reference[]): Reference[] {
  return [...new Map([...first, ...second].map((node) => [node.__ref, node])).values()];
}
