import type { ReactNode } from "react";

import type { SessionFilter } from "../gql/graphql";
import { count } from "../shared/format";
import { Icon } from "../shared/icons";
import { FilterChips } from "./filter_chips";
import type { ChangeView, ListView } from "./list_view";
import type { Overview } from "./use_overview";

/** The properties that the list and the results of a search share. */
export interface PageParts {
  view: ListView;
  change: ChangeView;
  filter: SessionFilter;
  overview: Overview | undefined;
  /** Is called when sessions have changed, for the overview to be counted again. */
  onChanges: () => void;
  /** Shows the sidebar, where the page is too narrow for it. */
  onFilter: () => void;
}

interface PageHeadProps extends PageParts {
  title: string;
  children?: ReactNode;
}

/** The number of sessions, and their restrictions. */
export function PageHead({ title, view, change, overview, onFilter, children }: PageHeadProps) {
  const hidden = overview?.hiddenCount ?? 0;
  return (
    <>
      <div className="sessions-head">
        <h1 aria-live="polite">{title}</h1>
        {hidden > 0 && (
          <button type="button" className="hidden-count" onClick={() => change({ hasRuns: true })}>
            {count(hidden)} hidden
          </button>
        )}
        <button type="button" className="button filter-button" aria-label="Filter" onClick={onFilter}>
          <Icon name="filter" />
          <span className="button-name">Filter</span>
        </button>
        {children}
      </div>
      <FilterChips view={view} change={change} />
    </>
  );
}
