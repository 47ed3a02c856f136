import { useCallback, useState } from "react";
import { Route, Switch } from "wouter";

import { SessionPage } from "../session/session_page";
import { SessionsPage } from "../sessions/sessions_page";
import { useKeys } from "../shared/keys";
import { Toasts } from "../shared/toasts";
import { AppBar } from "./app_bar";
import { Help } from "./help";
import { NotFound } from "./not_found";

/** The bar, the page that the address names, and the dialogs that every page has. */
export function Pages() {
  const [shown, setShown] = useState<"help">();
  const close = useCallback(() => setShown(undefined), []);
  useKeys({ "?": () => setShown("help") });

  return (
    <>
      <AppBar onHelp={() => setShown("help")} />
      <Switch>
        <Route path="/">
          <SessionsPage />
        </Route>
        <Route path="/s/:id/:message?">
          {({ id, message }) => <SessionPage key={id} sessionId={id} messageId={message} />}
        </Route>
        <Route>
          <NotFound />
        </Route>
      </Switch>
      {shown === "help" && <Help onClose={close} />}
      <Toasts />
    </>
  );
}
