import { Store } from "../shared/store";

/** Whether the websocket is open, so that changes arrive; `idle` when no page follows anything. */
export type Connection = "idle" | "live" | "away";

export const connection = new Store<Connection>("idle");
