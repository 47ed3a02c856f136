import { type ReactNode, useState } from "react";

import { count } from "../shared/format";

interface FacetProps {
  name: string;
  /** Values and how many sessions have each, most first; undefined until they are known. */
  values: readonly { value: string; sessionCount: number }[] | undefined;
  chosen: readonly string[];
  onChosen: (chosen: string[]) => void;
  label?: (value: string) => ReactNode;
}

// The number of values that are shown until the rest is requested.
const FEW = 6;

/** A menu of the values that sessions have, of which several can be chosen. */
export function Facet({ name, values = [], chosen, onChosen, label = (value) => value }: FacetProps) {
  const [isLong, setIsLong] = useState(false);
  // A chosen value stays in the menu when no session has it.
  const missing = chosen.filter((value) => !values.some((known) => known.value === value));
  const all = [...values, ...missing.map((value) => ({ value, sessionCount: 0 }))];
  if (all.length === 0) {
    return null;
  }
  const shown = isLong ? all : all.filter(({ value }, index) => index < FEW || chosen.includes(value));

  function toggle(value: string) {
    onChosen(chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value]);
  }

  return (
    <fieldset className="facet">
      <legend>{name}</legend>
      {shown.map(({ value, sessionCount }) => (
        <label key={value} className="facet-value" title={value}>
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          <span className="facet-name">{label(value)}</span>
          <span className="facet-count">{count(sessionCount)}</span>
        </label>
      ))}
      {all.length > shown.length && (
        <button type="button" className="facet-more" onClick={() => setIsLong(true)}>
          {count(all.length - shown.length)} more
        </button>
      )}
    </fieldset>
  );
}
