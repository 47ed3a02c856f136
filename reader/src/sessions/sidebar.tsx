import "./sidebar.css";

import type { SessionSource } from "../gql/graphql";
import { AgentName } from "../shared/agent_name";
import { shortPath } from "../shared/format";
import { Icon, type IconName } from "../shared/icons";
import { Facet } from "./facet";
import type { ChangeView, ListView } from "./list_view";
import type { Overview } from "./use_overview";

interface SidebarProps {
  view: ListView;
  change: ChangeView;
  overview: Overview | undefined;
}

const SIDES: { name: string; icon: IconName; part: Pick<ListView, "isStarred" | "isArchived"> }[] = [
  { name: "All sessions", icon: "message", part: { isStarred: false, isArchived: false } },
  { name: "Starred", icon: "star", part: { isStarred: true, isArchived: false } },
  { name: "Archive", icon: "archive", part: { isStarred: false, isArchived: true } },
];

/** Restricts the list: which side of the archive, whose sessions, and the values that the sessions have. */
export function Sidebar({ view, change, overview }: SidebarProps) {
  return (
    <aside className="sidebar" aria-label="Restrict the list">
      <nav aria-label="Sessions">
        <ul>
          {SIDES.map(({ name, icon, part }) => {
            const isCurrent = view.isStarred === part.isStarred && view.isArchived === part.isArchived;
            return (
              <li key={name}>
                <button
                  type="button"
                  className="side"
                  aria-current={isCurrent ? "page" : undefined}
                  onClick={() => change(part)}
                >
                  <Icon name={icon} />
                  {name}
                </button>
              </li>
            );
          })}
        </ul>
      </nav>
      <label className="switch" title="Subagents, runs that scripts started, and sessions of a single prompt">
        <input
          type="checkbox"
          role="switch"
          checked={!view.hasRuns}
          onChange={(event) => change({ hasRuns: !event.target.checked })}
        />
        Hide automated runs
      </label>
      <Facet
        name="Agents"
        values={overview?.sources}
        chosen={view.sources}
        onChosen={(sources) => change({ sources: sources as SessionSource[] })}
        label={(value) => <AgentName source={value as SessionSource} />}
      />
      <Facet name="Tags" values={overview?.tags} chosen={view.tags} onChosen={(tags) => change({ tags })} />
      <Facet
        name="Directories"
        values={overview?.workspaces}
        chosen={view.workspaces}
        onChosen={(workspaces) => change({ workspaces })}
        label={(value) => shortPath(value) || "None"}
      />
      <Facet name="Models" values={overview?.models} chosen={view.models} onChosen={(models) => change({ models })} />
    </aside>
  );
}
