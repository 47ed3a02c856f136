import "./session_menu.css";

import { type KeyboardEvent, useEffect, useRef, useState } from "react";

import { Icon, type IconName } from "../shared/icons";

export interface MenuEntry {
  name: string;
  icon: IconName;
  /** The key that does the same. */
  shortcut?: string;
  isDanger?: boolean;
  run: () => void;
}

/** A button that opens a menu. */
export function SessionMenu({ label, entries }: { label: string; entries: MenuEntry[] }) {
  const [isOpen, setIsOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!isOpen) {
      return;
    }
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const close = (event: PointerEvent) => root.current?.contains(event.target as Node) || setIsOpen(false);
    document.addEventListener("pointerdown", close);
    return () => document.removeEventListener("pointerdown", close);
  }, [isOpen]);

  function onKeyDown(event: KeyboardEvent) {
    const items = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const index = items.indexOf(document.activeElement as HTMLElement);
    const steps: Record<string, number> = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: -1 };
    if (event.key === "Escape" || event.key === "Tab") {
      setIsOpen(false);
      root.current?.querySelector("button")?.focus();
    } else if (event.key in steps) {
      event.preventDefault();
      items.at(steps[event.key]! % items.length)?.focus();
    }
  }

  return (
    <div className="menu" ref={root} onKeyDown={isOpen ? onKeyDown : undefined}>
      <button
        type="button"
        className="button quiet square"
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <div className="menu-list" role="menu" aria-label={label}>
          {entries.map(({ name, icon, shortcut, isDanger, run }) => (
            <button
              key={name}
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={isDanger ? "danger" : undefined}
              onClick={() => {
                setIsOpen(false);
                run();
              }}
            >
              <Icon name={icon} />
              {name}
              {shortcut && <kbd>{shortcut}</kbd>}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
