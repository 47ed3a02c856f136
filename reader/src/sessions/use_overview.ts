import { useQuery } from "@apollo/client/react";
import { useEffect, useMemo, useRef } from "react";

import { filterOf, type ListView } from "./list_view";
import { OVERVIEW } from "./overview_query";

const WEEKS = 53;
const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export type Overview = NonNullable<ReturnType<typeof useOverview>>;

/** The counts beside the list, requested again with each `version` of the list. */
export function useOverview(view: ListView, version: number) {
  const variables = useMemo(() => variablesOf(view), [view]);
  const { data, previousData, refetch } = useQuery(OVERVIEW, { variables });
  const newest = useRef(refetch);
  newest.current = refetch;
  useEffect(() => {
    if (version) {
      void newest.current();
    }
  }, [version]);

  const counts = data ?? previousData;
  return (
    counts && {
      totalCount: counts.sessionFacets.totalCount,
      hiddenCount: counts.all ? counts.all.totalCount - counts.sessionFacets.totalCount : 0,
      sources: (counts.anySource ?? counts.sessionFacets).sources,
      models: (counts.anyModel ?? counts.sessionFacets).models,
      workspaces: (counts.anyWorkspace ?? counts.sessionFacets).workspaces,
      tags: counts.sessionFacets.tags,
      activity: counts.activity,
      imports: counts.imports,
    }
  );
}

function variablesOf(view: ListView) {
  return {
    query: view.query || null,
    filter: filterOf(view),
    anySource: filterOf({ ...view, sources: [] }),
    anyModel: filterOf({ ...view, models: [] }),
    anyWorkspace: filterOf({ ...view, workspaces: [] }),
    all: filterOf({ ...view, hasRuns: true }),
    hidesRuns: !view.hasRuns,
    anyTime: filterOf({ ...view, from: "", until: "" }),
    hasSources: view.sources.length > 0,
    hasModels: view.models.length > 0,
    hasWorkspaces: view.workspaces.length > 0,
    span: { from: monday(1 - WEEKS).toISOString(), until: monday(1).toISOString() },
    timeZone,
  };
}

/** The instant at which a week begins here: this one, one before, or one after. */
function monday(weeks: number): Date {
  const date = new Date();
  const daysIntoWeek = (date.getDay() + 6) % 7;
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() - daysIntoWeek + 7 * weeks);
}
