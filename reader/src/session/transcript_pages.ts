import type { ApolloClient } from "@apollo/client";

import type { TranscriptMessageFragment } from "../gql/graphql";
import { TRANSCRIPT_PAGE } from "./transcript_query";

export type Message = TranscriptMessageFragment;

// Messages of a page: one answer of the server stays well below its limit of cost.
export const PAGE = 100;
// How many messages before its answer a tool is called at the most, if not in rare cases.
const CALLS = 10;
// Milliseconds after a failure until the next try.
const RETRY = 3_000;

/** The place of a message to go to: it, and those before it in which a tool was called that it may answer. */
export function placeOf(position: number): { before: number; asked: number } {
  return { before: Math.max(position - CALLS, 0), asked: position };
}

/** The pages with a message to go to, as the arguments of `messages`. */
export function pagesAround(position: number): { from: number; first: number } {
  const { before, asked } = placeOf(position);
  const from = Math.floor(before / PAGE) * PAGE;
  return { from, first: (Math.floor(asked / PAGE) + 1) * PAGE - from };
}

/**
 * The pages of a transcript that were loaded, by their place in it.
 *
 * They are not in Apollo's cache: nothing else shows messages, and a list of 20,000 would be put together again for
 * each page that joins it.
 */
export class TranscriptPages {
  readonly #client: ApolloClient;
  readonly #sessionId: string;
  readonly #pages = new Map<number, readonly Message[]>();
  readonly #loading = new Set<number>();
  readonly #stale = new Set<number>();
  // Positions of the calls, by the ids under which tools answer them.
  readonly #calls = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #lastCompaction = -1;
  #version = 0;
  #error: Error | undefined;

  constructor(client: ApolloClient, sessionId: string) {
    this.#client = client;
    this.#sessionId = sessionId;
  }

  /** Takes the messages that came with the session, unless others were loaded since. */
  begin(from: number, messages: readonly Message[]): void {
    if (this.#pages.size === 0) {
      for (let start = 0; start < messages.length; start += PAGE) {
        this.#put((from + start) / PAGE, messages.slice(start, start + PAGE));
      }
    }
  }

  at(position: number): Message | undefined {
    return this.#pages.get(Math.floor(position / PAGE))?.[position % PAGE];
  }

  /** The position of the message that called a tool; undefined unless it was loaded. */
  callPosition(toolUseId: string): number | undefined {
    return this.#calls.get(toolUseId);
  }

  /** The position of the newest compaction among what was loaded, -1 without one. */
  lastCompaction(): number {
    return this.#lastCompaction;
  }

  /** Loads the pages with these positions, unless they are there or on their way. */
  load(first: number, last: number): void {
    for (let page = Math.floor(Math.max(first, 0) / PAGE); page <= Math.floor(last / PAGE); page++) {
      if ((!this.#pages.has(page) || this.#stale.has(page)) && !this.#loading.has(page)) {
        this.#stale.delete(page);
        void this.#fetch(page);
      }
    }
  }

  /** Loads again what is asked for next: the transcript has changed. What was loaded is shown meanwhile. */
  invalidate(): void {
    this.#pages.forEach((_, page) => this.#stale.add(page));
    this.#changed();
  }

  async #fetch(page: number): Promise<void> {
    this.#loading.add(page);
    try {
      await this.#fetchMessages(page);
      this.#error = undefined;
    } catch (error) {
      this.#error = error as Error;
      this.#changed();
      // It counts as loading until it is tried again.
      await new Promise((resolve) => setTimeout(resolve, RETRY));
    }
    this.#loading.delete(page);
    this.#changed();
  }

  async #fetchMessages(page: number): Promise<void> {
    const { data } = await this.#client.query({
      query: TRANSCRIPT_PAGE,
      variables: { id: this.#sessionId, first: PAGE, from: page * PAGE },
      fetchPolicy: "no-cache",
    });
    const messages = data?.session?.messages;
    if (!messages) {
      // Of a session that was deleted: tried again after a pause, as after other failures.
      throw new Error("The messages are not there.");
    }
    this.#put(page, messages.nodes);
  }

  #put(page: number, messages: readonly Message[]): void {
    this.#pages.set(page, messages);
    for (const { position, content } of messages) {
      for (const block of content) {
        if (block.__typename === "ToolUseBlock") {
          this.#calls.set(block.toolUseId, position);
        } else if (block.__typename === "CompactionBlock") {
          this.#lastCompaction = Math.max(this.#lastCompaction, position);
        }
      }
    }
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A number that is another one after each change. */
  readonly version = (): number => this.#version;

  readonly error = (): Error | undefined => this.#error;

  #changed(): void {
    this.#version++;
    this.#listeners.forEach((listener) => listener());
  }
}
