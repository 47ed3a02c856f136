import { createGraphiQLFetcher, type Fetcher, type FetcherOpts } from "@graphiql/toolkit";
import { getOperationAST } from "graphql";
import { type Client, createClient } from "graphql-ws";

const ADDRESS = location.origin + location.pathname;
const UNAUTHORIZED = [4401, 4403];
const MAX_WAIT_MS = 8_000;

export interface GraphQLFailure {
  message: string;
  extensions?: { code?: string };
}

/** How operations reach the server: queries and mutations by fetch, subscriptions by websocket. */
export interface Transport {
  fetcher: Fetcher;
  /** Data of a mutation. Throws an error to show. */
  mutate: <Data>(query: string, variables: object) => Promise<Data>;
  subscribe: Client["subscribe"];
  dispose: () => void;
}

export interface Listeners {
  /** The server wants another token. */
  onRefused: () => void;
  /** A mutation answered with the task of this thread. */
  onResumed: (threadId: string) => void;
  /** Whether subscriptions wait for a server that cannot be reached. */
  onWaiting: (isWaiting: boolean) => void;
}

export function createTransport(token: string, { onRefused, onResumed, onWaiting }: Listeners): Transport {
  const authorization = token ? { authorization: `Bearer ${token}` } : undefined;

  const socket = createClient({
    url: ADDRESS.replace(/^http/, "ws"),
    connectionParams: authorization,
    // A server may be unavailable for minutes. graphql-ws knows which errors end the connection for good.
    retryAttempts: Infinity,
    // An attempt without a connection ends with an Event that is no CloseEvent.
    shouldRetry: (error) => error instanceof Event && !isUnauthorized(error),
    retryWait: (retries) => pause(Math.min(1_000 * 2 ** retries, MAX_WAIT_MS) * (0.5 + Math.random() / 2)),
    on: {
      connected: () => onWaiting(false),
      error: () => onWaiting(true),
      closed: (event) => {
        if (isUnauthorized(event)) {
          onRefused();
        } else if (event instanceof CloseEvent && event.code !== 1000) {
          onWaiting(true);
        }
      },
    },
  });

  let subscriptions = 0;
  const subscribe: Client["subscribe"] = (payload, sink) => {
    let isOpen = true;
    const end = () => {
      if (isOpen) {
        isOpen = false;
        subscriptions -= 1;
        if (subscriptions === 0) {
          onWaiting(false);
        }
      }
    };
    subscriptions += 1;
    const stop = socket.subscribe(payload, {
      next: (result) => sink.next(result as Parameters<typeof sink.next>[0]),
      complete: () => {
        end();
        sink.complete();
      },
      error: (error) => {
        end();
        sink.error(readable(error));
      },
    });
    return () => {
      end();
      stop();
    };
  };

  async function request(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const response = await fetch(input, init);
    if (response.status === 401) {
      onRefused();
    }
    return response;
  }

  const send = createGraphiQLFetcher({
    url: ADDRESS,
    headers: authorization,
    wsClient: { ...socket, subscribe },
    enableIncrementalDelivery: false,
    fetch: request,
  });

  const fetcher: Fetcher = async (operation, options) => {
    const answer = await send(operation, options);
    if (isMutation(operation.operationName, options)) {
      noteThread(answer);
    }
    return answer;
  };

  function noteThread(answer: unknown): void {
    const threadId = threadOf(answer);
    if (threadId) {
      onResumed(threadId);
    }
  }

  async function mutate<Data>(query: string, variables: object): Promise<Data> {
    const response = await request(ADDRESS, {
      method: "POST",
      headers: { "content-type": "application/json", ...authorization },
      body: JSON.stringify({ query, variables }),
    });
    const answer = (await response.json()) as { data?: Data; errors?: GraphQLFailure[] };
    if (!answer.data) {
      throw new Error(answer.errors?.[0]?.message ?? response.statusText);
    }
    noteThread(answer);
    return answer.data;
  }

  return { fetcher, mutate, subscribe, dispose: () => void socket.dispose() };
}

function isUnauthorized(event: unknown): boolean {
  return event instanceof CloseEvent && UNAUTHORIZED.includes(event.code);
}

/** Errors to show: GraphQL errors are a list; else the event that ended the connection. */
function readable(error: unknown): GraphQLFailure[] {
  if (Array.isArray(error)) {
    return error as GraphQLFailure[];
  }
  if (error instanceof CloseEvent) {
    return [{ message: `The server closed the connection: ${error.code} ${error.reason}`.trim() }];
  }
  return [{ message: error instanceof Error ? error.message : "The connection failed." }];
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
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
