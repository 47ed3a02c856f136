import { ApolloProvider } from "@apollo/client/react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Route, Switch } from "wouter";

import { SessionPage } from "../session/session_page";
import { SessionsPage } from "../sessions/sessions_page";
import { storedToken } from "../shared/storage";
import { AppBar } from "./app_bar";
import { createApolloClient } from "./client";
import { connection } from "./connection";
import { NotFound } from "./not_found";
import { TokenDialog } from "./token_dialog";

/** The whole app: its client, its routes and the dialog for the token. */
export function App() {
  const [token, setToken] = useState(storedToken.get);
  const [isRefused, setIsRefused] = useState(false);
  const onRefused = useCallback(() => setIsRefused(true), []);
  // A new one for another token, so that everything is asked for again.
  const client = useMemo(() => createApolloClient(token, onRefused, connection), [token, onRefused]);
  useEffect(() => () => void client.clearStore(), [client]);

  function onToken(given: string) {
    storedToken.set(given);
    setToken(given);
    setIsRefused(false);
  }

  return (
    <ApolloProvider client={client} key={token}>
      <AppBar onHelp={() => undefined}>
        <div className="app-search" />
      </AppBar>
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
      {isRefused && <TokenDialog key={token} token={token} onToken={onToken} />}
    </ApolloProvider>
  );
}
