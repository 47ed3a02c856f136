import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import { Route, Switch, useRoute } from "wouter";

import { Palette } from "../search/palette";
import { SearchField } from "../search/search_field";
import { useListView } from "../sessions/list_view";
import { SessionsPage } from "../sessions/sessions_page";
import { Icon } from "../shared/icons";
import { useKeys } from "../shared/keys";
import { Toasts } from "../shared/toasts";
import { AppBar } from "./app_bar";
import { Help } from "./help";
import { NotFound } from "./not_found";

// A part of its own, since it is larger than everything else and many visits begin with the list.
const SessionPage = lazy(() =>
  import("../session/session_page").then((module) => ({ default: module.SessionPage })),
);

/** The bar, the page that the address names, and the dialogs that every page has. */
export function Pages() {
  const [isListed] = useRoute("/");
  const [view, change] = useListView();
  const [shown, setShown] = useState<"palette" | "help">();
  const close = useCallback(() => setShown(undefined), []);
  const onQuery = useCallback((query: string) => change({ query }, { replace: true }), [change]);
  const showPalette = useCallback(() => setShown("palette"), []);
  usePaletteKey(showPalette);
  useKeys({
    "?": () => setShown("help"),
    "/": (event) => {
      event.preventDefault();
      if (!isListed) {
        showPalette();
      }
    },
  });

  return (
    <>
      <AppBar onHelp={() => setShown("help")}>
        {isListed ? (
          <SearchField query={view.query} onQuery={onQuery} onPalette={showPalette} />
        ) : (
          <div className="app-search">
            <Icon name="search" />
            <button type="button" className="field" onClick={showPalette}>
              Search in all sessions
            </button>
            <span className="app-search-end" aria-hidden="true">
              <kbd>Ctrl K</kbd>
            </span>
          </div>
        )}
      </AppBar>
      <Suspense>
        <Switch>
          <Route path="/">
            <SessionsPage />
          </Route>
          <Route path="/s/:id/:position?">
            {({ id, position }) => (
              <SessionPage key={id} sessionId={id} position={/^\d+$/.test(position ?? "") ? Number(position) : undefined} />
            )}
          </Route>
          <Route>
            <NotFound />
          </Route>
        </Switch>
      </Suspense>
      {shown === "palette" && <Palette onClose={close} />}
      {shown === "help" && <Help onClose={close} />}
      <Toasts />
    </>
  );
}

/** Ctrl K, or Command K on a Mac, which are taken from wherever the focus is. */
function usePaletteKey(showPalette: () => void): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.key === "k" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) {
        event.preventDefault();
        showPalette();
      }
    }
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [showPalette]);
}
