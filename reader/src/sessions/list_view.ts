import { useCallback, useMemo } from "react";
import { useSearchParams } from "wouter";

import type { SessionFilter, SessionKind, SessionOrder, SessionOrderField, SessionSource } from "../gql/graphql";

/** What the first page shows; the address has all of it, so that it can be bookmarked and gone back to. */
export interface ListView {
  query: string;
  sources: SessionSource[];
  models: string[];
  workspaces: string[];
  tags: string[];
  isStarred: boolean;
  isArchived: boolean;
  /** Whether subagents' sessions, automated runs and sessions of a single prompt are listed too. */
  hasRuns: boolean;
  /** Days, as `2026-11-28`: the first one, and the one after the last. */
  from: string;
  until: string;
  order: SessionOrderField;
}

export type ChangeView = (part: Partial<ListView>, options?: { replace: boolean }) => void;

// Prompts of a session in which somebody talked with the agent.
const TALK = 2;
const ALL_KINDS: SessionKind[] = ["MAIN", "FORK", "SUBAGENT"];

/** The view that the address asks for, and a function that changes parts of it. */
export function useListView(): [ListView, ChangeView] {
  const [parameters, setParameters] = useSearchParams();
  const text = parameters.toString();
  const view = useMemo(() => parsed(new URLSearchParams(text)), [text]);
  const change = useCallback<ChangeView>(
    (part, options) => setParameters((current) => written({ ...parsed(current), ...part }), options),
    [setParameters],
  );
  return [view, change];
}

function parsed(parameters: URLSearchParams): ListView {
  return {
    query: parameters.get("q") ?? "",
    sources: parameters.getAll("agent") as SessionSource[],
    models: parameters.getAll("model"),
    workspaces: parameters.getAll("in"),
    tags: parameters.getAll("tag"),
    isStarred: parameters.has("starred"),
    isArchived: parameters.has("archived"),
    hasRuns: parameters.has("runs"),
    from: parameters.get("from") ?? "",
    until: parameters.get("until") ?? "",
    order: (parameters.get("order") as SessionOrderField | null) ?? "UPDATED_AT",
  };
}

function written(view: ListView): URLSearchParams {
  const values: Record<string, string[]> = {
    q: [view.query],
    agent: view.sources,
    model: view.models,
    in: view.workspaces,
    tag: view.tags,
    starred: [view.isStarred ? "1" : ""],
    archived: [view.isArchived ? "1" : ""],
    runs: [view.hasRuns ? "1" : ""],
    from: [view.from],
    until: [view.until],
    order: [view.order === "UPDATED_AT" ? "" : view.order],
  };
  const entries = Object.entries(values).flatMap(([name, list]) => list.map((value) => [name, value]));
  return new URLSearchParams(entries.filter(([, value]) => value));
}

/** The view's restrictions, as the API takes them. */
export function filterOf(view: ListView): SessionFilter {
  return {
    archived: view.isArchived ? "ARCHIVED" : "ACTIVE",
    sources: view.sources.length ? view.sources : undefined,
    models: view.models.length ? view.models : undefined,
    workspaces: view.workspaces.length ? view.workspaces : undefined,
    tags: view.tags.length ? view.tags : undefined,
    isStarred: view.isStarred || undefined,
    kinds: view.hasRuns ? ALL_KINDS : undefined,
    // What a person starred or searches for is listed in any case.
    ...(view.hasRuns || view.isStarred || view.query ? {} : { isAutomated: false, minPrompts: TALK }),
    // Sessions that were active in the span: they began before its end and were written to after its beginning.
    createdAt: view.until ? { until: midnight(view.until) } : undefined,
    updatedAt: view.from ? { from: midnight(view.from) } : undefined,
  };
}

/** The instant at which a day begins here. */
function midnight(day: string): string | null {
  const date = new Date(`${day}T00:00`);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

/** The view's order: titles from A, everything else from the newest or largest. */
export function orderOf(view: ListView): SessionOrder {
  return { field: view.order, direction: view.order === "TITLE" ? "ASC" : "DESC" };
}

/** Whether anything but the order narrows the list. */
export function isNarrowed(view: ListView): boolean {
  const { sources, models, workspaces, tags } = view;
  return [...sources, ...models, ...workspaces, ...tags, view.query, view.from, view.until].some(Boolean) || view.isStarred;
}
