import { agentName } from "../shared/agents";
import { dateName, shortPath } from "../shared/format";
import { Icon } from "../shared/icons";
import type { ChangeView, ListView } from "./list_view";

interface FilterChipsProps {
  view: ListView;
  change: ChangeView;
}

/** The restrictions of the list, each of which can be removed. */
export function FilterChips({ view, change }: FilterChipsProps) {
  const without = (values: string[], value: string) => values.filter((other) => other !== value);
  const chips = [
    ...view.sources.map((value) => ({
      name: agentName(value),
      part: { sources: view.sources.filter((other) => other !== value) },
    })),
    ...view.tags.map((value) => ({ name: value, part: { tags: without(view.tags, value) } })),
    ...view.workspaces.map((value) => ({
      name: shortPath(value),
      part: { workspaces: without(view.workspaces, value) },
    })),
    ...view.models.map((value) => ({ name: value, part: { models: without(view.models, value) } })),
    ...(view.from ? [{ name: `Week of ${dateName(`${view.from}T00:00`)}`, part: { from: "", until: "" } }] : []),
  ];
  if (chips.length === 0) {
    return null;
  }
  return (
    <div className="chips" role="group" aria-label="Restrictions">
      {chips.map(({ name, part }) => (
        <button key={name} type="button" className="chip" onClick={() => change(part)}>
          <span className="hidden-text">Without </span>
          {name}
          <Icon name="close" />
        </button>
      ))}
    </div>
  );
}
