import { ApolloClient, ApolloLink, HttpLink } from "@apollo/client";
import { CombinedGraphQLErrors, ServerError } from "@apollo/client/errors";
import { ErrorLink } from "@apollo/client/link/error";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";

import { createCache } from "./cache";
import { connection } from "./connection";

const ADDRESS = `${location.origin}/graphql`;
const REFUSED = [4401, 4403];
// Closed by the client, after the last subscription.
const NORMAL = 1000;

/** An Apollo client: queries and mutations by fetch, subscriptions by one websocket, which connects again by itself. */
export function createApolloClient(token: string, onRefused: () => void): ApolloClient {
  const authorization = token ? { authorization: `Bearer ${token}` } : undefined;
  const socket = createClient({
    url: ADDRESS.replace(/^http/, "ws"),
    connectionParams: authorization,
    // Pages that follow each other keep the socket.
    lazyCloseTimeout: 10_000,
    retryAttempts: Infinity,
    shouldRetry: (error) => !(error instanceof CloseEvent && REFUSED.includes(error.code)),
    on: {
      connected: () => connection.set("live"),
      closed: (event) => {
        const code = event instanceof CloseEvent ? event.code : undefined;
        connection.set(code === NORMAL ? "idle" : "away");
        if (code && REFUSED.includes(code)) {
          onRefused();
        }
      },
    },
  });
  const refusals = new ErrorLink(({ error }) => {
    if (isRefusal(error)) {
      onRefused();
    }
  });
  const transport = ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    new HttpLink({ uri: ADDRESS, headers: authorization }),
  );
  const client = new ApolloClient({ link: ApolloLink.from([refusals, transport]), cache: createCache() });
  client.onClearStore(() => Promise.resolve(socket.dispose()));
  return client;
}

/** Whether the server wants another token: in a response of GraphQL, or of any other kind, as from a proxy. */
function isRefusal(error: unknown): boolean {
  return CombinedGraphQLErrors.is(error)
    ? error.errors.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED")
    : ServerError.is(error) && error.statusCode === 401;
}
