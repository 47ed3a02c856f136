import { useApolloClient } from "@apollo/client/react";
import { useEffect, useState } from "react";

import { reportFailure } from "../../actions/failures";
import { PROMPTS } from "./outline_query";

export interface Prompt {
  position: number;
  text: string;
}

/** The person's prompts in a session, requested again when its number of messages changes. */
export function usePrompts(sessionId: string, messageCount: number): readonly Prompt[] {
  const client = useApolloClient();
  const [prompts, setPrompts] = useState<readonly Prompt[]>([]);
  useEffect(() => {
    let isLeft = false;
    async function load() {
      const loaded: Prompt[] = [];
      let after: string | null = null;
      do {
        const page = await fetchPage(after);
        if (isLeft || !page) {
          return;
        }
        for (const { position, summary, beginning } of page.nodes) {
          if (beginning) {
            loaded.push({ position, text: summary });
          }
        }
        setPrompts((current) => (loaded.length > current.length ? [...loaded] : current));
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      } while (after !== null);
      setPrompts(loaded);
    }
    async function fetchPage(after: string | null) {
      const variables = { id: sessionId, after };
      const { data } = await client.query({ query: PROMPTS, variables, fetchPolicy: "no-cache" });
      return data?.session?.messages;
    }
    load().catch(reportFailure);
    return () => {
      isLeft = true;
    };
  }, [client, sessionId, messageCount]);
  return prompts;
}

/** The index of the prompt that a message belongs to, -1 before the first. */
export function promptIndex(prompts: readonly Prompt[], position: number): number {
  return prompts.findLastIndex((prompt) => prompt.position <= position);
}
