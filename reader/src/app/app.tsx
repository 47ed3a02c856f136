import { ApolloProvider } from "@apollo/client/react";
import { useCallback, useEffect, useMemo, useState } from "react";

import { storedToken } from "../shared/storage";
import { createApolloClient } from "./client";
import { Pages } from "./pages";
import { TokenDialog } from "./token_dialog";

/** The whole app: its client, its pages and the dialog for the token. */
export function App() {
  const [token, setToken] = useState(storedToken.get);
  const [isAsking, setIsAsking] = useState(false);
  const onRefused = useCallback(() => setIsAsking(true), []);
  // A new one for another token, so that everything is requested again.
  const client = useMemo(() => createApolloClient(token, onRefused), [token, onRefused]);
  useEffect(() => () => void client.clearStore(), [client]);

  function onToken(given: string) {
    storedToken.set(given);
    setToken(given);
    setIsAsking(false);
  }

  return (
    <ApolloProvider client={client} key={token}>
      <Pages />
      {isAsking && <TokenDialog token={token} onToken={onToken} onClose={() => setIsAsking(false)} />}
    </ApolloProvider>
  );
}
