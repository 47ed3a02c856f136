import type { Storage as EditorStorage } from "@graphiql/toolkit";

// Raise the number when the form of what is kept, or the tabs that the page opens with, change.
const PREFIX = "reprise-2:";
const TOKEN = "reprise:token";
const THREAD = "reprise:thread";

/** The browser's storage, or null where it is forbidden: reading the property throws there. */
function allowed(kind: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return window[kind];
  } catch (error) {
    console.info(`Nothing is kept: ${String(error)}`);
    return null;
  }
}

/** Where tabs and layout are kept, apart from those of other GraphiQL pages that were served at this address. */
export function editorStorage(): EditorStorage | null {
  const local = allowed("localStorage");
  if (local === null) {
    return null;
  }
  const own = () => Object.keys(local).filter((key) => key.startsWith(PREFIX));
  return {
    getItem: (key) => local.getItem(PREFIX + key),
    setItem: (key, value) => local.setItem(PREFIX + key, value),
    removeItem: (key) => local.removeItem(PREFIX + key),
    clear: () => own().forEach((key) => local.removeItem(key)),
    get length() {
      return own().length;
    },
  };
}

/** The token that was last given in this browser tab; empty when there is none. */
export function keptToken(): string {
  return kept(TOKEN);
}

/** Keeps the token until the browser tab is closed; an empty one is forgotten. */
export function keepToken(token: string): void {
  keep(TOKEN, token);
}

/** The thread that was last resumed in this browser tab; empty when there is none. */
export function keptThread(): string {
  return kept(THREAD);
}

/** Keeps the thread until the browser tab is closed; an empty one is forgotten. */
export function keepThread(threadId: string): void {
  keep(THREAD, threadId);
}

function kept(key: string): string {
  return allowed("sessionStorage")?.getItem(key) ?? "";
}

function keep(key: string, value: string): void {
  const session = allowed("sessionStorage");
  if (value) {
    session?.setItem(key, value);
  } else {
    session?.removeItem(key);
  }
}
