import { useEffect, useState } from "react";

import { Icon, type IconName } from "../shared/icons";
import { storedTheme } from "../shared/storage";

const THEMES: { value: string; name: string; icon: IconName }[] = [
  { value: "", name: "Colors of the system", icon: "system" },
  { value: "light", name: "Light colors", icon: "sun" },
  { value: "dark", name: "Dark colors", icon: "moon" },
];

/** Sets the color scheme of the page, which CSS derives every color from. */
export function applyTheme(theme: string): void {
  if (theme) {
    document.documentElement.dataset.theme = theme;
  } else {
    delete document.documentElement.dataset.theme;
  }
}

/** Goes through the color schemes: that of the system, light, dark. */
export function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme.get);
  const index = Math.max(
    0,
    THEMES.findIndex(({ value }) => value === theme),
  );
  const { name, icon } = THEMES[index]!;
  useEffect(() => applyTheme(theme), [theme]);

  function change() {
    const next = THEMES[(index + 1) % THEMES.length]!.value;
    storedTheme.set(next);
    setTheme(next);
  }

  return (
    <button type="button" className="button quiet square" onClick={change} aria-label={name} title={name}>
      <Icon name={icon} />
    </button>
  );
}
