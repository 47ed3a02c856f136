import { useEffect, useRef } from "react";

/** What keys do, by `KeyboardEvent.key`: `j`, `J` with shift, `Enter`, `?`. */
export type Keys = Record<string, (event: KeyboardEvent) => void>;

/** Listens for keys while nothing is typed and no dialog is open. */
export function useKeys(keys: Keys): void {
  const newest = useRef(keys);
  newest.current = keys;
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      const action = newest.current[event.key];
      if (action && !event.ctrlKey && !event.metaKey && !event.altKey && !isTaken(event)) {
        action(event);
      }
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, []);
}

/** Whether the key belongs to a field, a menu or a dialog. */
function isTaken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  return (
    event.defaultPrevented ||
    target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], [role=menu]") !== null ||
    document.querySelector("dialog[open]") !== null
  );
}
