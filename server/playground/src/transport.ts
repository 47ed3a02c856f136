import { createGraphiQLFetcher, type Fetcher, type FetcherOpts } from "@graphiql/toolkit";
import { getOperationAST } from "graphql";
import { type Client, createClient } from "graphql-ws";

const ADDRESS = location.origin + location.pathname;
const UNAUTHORIZED = [4401, 4403];

/** How operations reach the server: queries and mutations by fetch, subscriptions by websocket. */
export interface Transport {
  fetcher: Fetcher;
  socket: Client;
}

export interface Listeners {
  /** The server wants another token. */
  onRefused: () => void;
  /** A mutation answered with the task of this thread. */
  onResumed: (threadId: string) => void;
}

export function createTransport(token: string, { onRefused, onResumed }: Listeners): Transport {
  const authorization = token ? { authorization: `Bearer ${token}` } : undefined;

  const socket = createClient({
    url: ADDRESS.replace(/^http/, "ws"),
    connectionParams: authorization,
    shouldRetry: (error) => error instanceof CloseEvent && !UNAUTHORIZED.includes(error.code),
    on: {
      closed: (event) => {
        if (event instanceof CloseEvent && UNAUTHORIZED.includes(event.code)) {
          onRefused();
        }
      },
    },
  });

  const send = createGraphiQLFetcher({
    url: ADDRESS,
    headers: authorization,
    wsClient: socket,
    enableIncrementalDelivery: false,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (response.status === 401) {
        onRefused();
      }
      return response;
    },
  });

  const fetcher: Fetcher = async (operation, options) => {
    const answer = await send(operation, options);
    const threadId = isMutation(operation.operationName, options) && threadOf(answer);
    if (threadId) {
      onResumed(threadId);
    }
    return answer;
  };
  return { fetcher, socket };
}

function isMutation(name: string | null | undefined, options: FetcherOpts | undefined): boolean {
  return !!options?.documentAST && getOperationAST(options.documentAST, name)?.operation === "mutation";
}

/** The thread of the first resume task in an answer: what `resumeSession` and `cancelResume` give. */
function threadOf(answer: unknown): string | undefined {
  const { data } = answer as { data?: Record<string, { resumeTask?: { threadId?: string; id?: string } } | null> };
  const task = Object.values(data ?? {}).find((payload) => payload?.resumeTask)?.resumeTask;
  return task?.threadId ?? task?.id?.replace(/^tsk_/, "thr_");
}
