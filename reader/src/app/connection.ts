import { useSyncExternalStore } from "react";

/** Whether the websocket is open, so that changes arrive: not yet, yes, or no longer. */
export type ConnectionState = "opening" | "live" | "away";

export class Connection {
  #state: ConnectionState = "opening";
  readonly #listeners = new Set<() => void>();

  set(state: ConnectionState): void {
    this.#state = state;
    this.#listeners.forEach((listener) => listener());
  }

  readonly get = (): ConnectionState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

/** The one of the app. */
export const connection = new Connection();

export function useConnectionState(): ConnectionState {
  return useSyncExternalStore(connection.subscribe, connection.get);
}
