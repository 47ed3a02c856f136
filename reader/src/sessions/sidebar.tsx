import "./sidebar.css";

import { Icon, type IconName } from "../shared/icons";
import type { ChangeView, ListView } from "./list_view";

interface SidebarProps {
  view: ListView;
  change: ChangeView;
}

const SIDES: { name: string; icon: IconName; part: Pick<ListView, "isStarred" | "isArchived"> }[] = [
  { name: "All sessions", icon: "message", part: { isStarred: false, isArchived: false } },
  { name: "Starred", icon: "star", part: { isStarred: true, isArchived: false } },
  { name: "Archive", icon: "archive", part: { isStarred: false, isArchived: true } },
];

/** Restricts the list: which side of the archive, whose sessions, and the values that the sessions have. */
export function Sidebar({ view, change }: SidebarProps) {
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
      <label className="switch">
        <input
          type="checkbox"
          role="switch"
          checked={!view.hasSubagents}
          onChange={(event) => change({ hasSubagents: !event.target.checked })}
        />
        Hide subagents
      </label>
    </aside>
  );
}
