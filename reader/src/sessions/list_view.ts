import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

import type { SessionFilter, SessionOrder, SessionOrderField, SessionSource } from "../gql/graphql";

/** What the first page shows; the address has all of it, so that it can be bookmarked and gone back to. */
export interface ListView {
  query: string;
  sources: SessionSource[];
  models: string[];
  workspace: string;
  isArchived: boolean;
  /** Whether subagents' sessions are listed too. */
  hasSubagents: boolean;
  /** Days, as `2026-11-28`: the first one, and the one after the last. */
  from: string;
  until: string;
  order: SessionOrderField;
}

type Change = Partial<ListView>;

export const EMPTY: ListView = {
  query: "",
  sources: [],
  models: [],
  workspace: "",
  isArchived: false,
  hasSubagents: false,
  from: "",
  until: "",
  order: "UPDATED_AT",
};

/** The view that the address asks for, and a function that changes parts of it. */
export function useListView(): [ListView, (change: Change, options?: { replace: boolean }) => void] {
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.toString();
  const view = useMemo(() => parsed(new URLSearchParams(text)), [text]);
  const change = useCallback(
    (part: Change, options?: { replace: boolean }) => {
      setParameters((current) => written({ ...parsed(current), ...part }), options);
    },
    [setParameters],
  );
  return [view, change];
}

function parsed(parameters: URLSearchParams): ListView {
  return {
    query: parameters.get("q") ?? "",
    sources: parameters.getAll("agent") as SessionSource[],
    models: parameters.getAll("model"),
    workspace: parameters.get("in") ?? "",
    isArchived: parameters.has("archived"),
    hasSubagents: parameters.has("subagents"),
    from: parameters.get("from") ?? "",
    until: parameters.get("until") ?? "",
    order: (parameters.get("order") as SessionOrderField | null) ?? EMPTY.order,
  };
}

function written(view: ListView): URLSearchParams {
  const entries: [string, string][] = [
    ["q", view.query],
    ...view.sources.map((value): [string, string] => ["agent", value]),
    ...view.models.map((value): [string, string] => ["model", value]),
    ["in", view.workspace],
    ["archived", view.isArchived ? "1" : ""],
    ["subagents", view.hasSubagents ? "1" : ""],
    ["from", view.from],
    ["until", view.until],
    ["order", view.order === EMPTY.order ? "" : view.order],
  ];
  return new URLSearchParams(entries.filter(([, value]) => value));
}

/** The view's restrictions, as the API takes them. */
export function filterOf(view: ListView): SessionFilter {
  return {
    archived: view.isArchived ? "ARCHIVED" : "ACTIVE",
    ...(view.sources.length && { sources: view.sources }),
    ...(view.models.length && { models: view.models }),
    ...(view.workspace && { workspaces: [view.workspace] }),
    ...(view.hasSubagents && { kinds: ["MAIN", "FORK", "SUBAGENT"] as const }),
    ...((view.from || view.until) && { updatedAt: { from: midnight(view.from), until: midnight(view.until) } }),
  } as SessionFilter;
}

/** The instant at which a day begins here. */
function midnight(day: string): string | null {
  return day ? new Date(`${day}T00:00`).toISOString() : null;
}

/** The view's order: titles from A, everything else from the newest or largest. */
export function orderOf(view: ListView): SessionOrder {
  return { field: view.order, direction: view.order === "TITLE" ? "ASC" : "DESC" };
}
