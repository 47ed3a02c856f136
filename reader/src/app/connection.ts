import { Store } from "../shared/store";

/** Whether the websocket is open, so that changes arrive: not yet, yes, or no longer. */
export type Connection = "opening" | "live" | "away";

export const connection = new Store<Connection>("opening");
