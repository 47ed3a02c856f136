/** The browser's storage, or null where it is forbidden: reading the property throws there. */
function allowed(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return window[kind];
  } catch (error) {
    console.info(`Nothing is stored: ${String(error)}`);
    return null;
  }
}

/** A string that is stored in the browser, empty if there is none. */
export interface Stored {
  get(): string;
  set(value: string): void;
}

function stored(kind: "localStorage" | "sessionStorage", key: string): Stored {
  return {
    get: () => allowed(kind)?.getItem(key) ?? "",
    set: (value) => (value ? allowed(kind)?.setItem(key, value) : allowed(kind)?.removeItem(key)),
  };
}

/** The bearer token, until the browser tab is closed. The playground has the same one. */
export const storedToken = stored("sessionStorage", "reprise:token");

/** The color scheme that was chosen: `light`, `dark`, or empty for that of the system. */
export const storedTheme = stored("localStorage", "reprise:theme");
