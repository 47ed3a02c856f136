import { useSubscription } from "@apollo/client/react";
import { useEffect, useRef, useState } from "react";

import { SESSION_FOLLOWED } from "./session_query";
import type { TranscriptPages } from "./transcript_pages";

// The part of the window's height that the page leaves free below the last message, and a little more.
const ROOM = 0.45;

/**
 * Follows a session that is being written: its head and its messages come up to date. Gives whether it was deleted.
 *
 * `since` is where the list of changes stood when the session was read.
 */
export function useFollow(sessionId: string, since: number | undefined, pages: TranscriptPages): boolean {
  const [isDeleted, setIsDeleted] = useState(false);
  // Of the first answer only: graphql-ws continues from there by itself, and a repeated change does no harm.
  const first = useRef<number>(undefined);
  first.current ??= since;
  useSubscription(SESSION_FOLLOWED, {
    variables: { since: first.current },
    skip: first.current === undefined,
    ignoreResults: true,
    onData: ({ data: { data } }) => {
      const change = data?.sessionChanges;
      if (change?.sessionId === sessionId) {
        setIsDeleted(change.kind === "DELETED");
        pages.invalidate();
      }
    },
  });
  return isDeleted;
}

/**
 * Keeps the end of the page in sight while it grows, unless the person has scrolled away from it. Gives how many
 * messages came since then.
 */
export function useStickToEnd(messageCount: number, goToEnd: () => void): number {
  const newest = useRef({ messageCount, goToEnd });
  newest.current = { messageCount, goToEnd };
  const isAtEnd = useRef(false);
  const [seen, setSeen] = useState(messageCount);
  useEffect(() => {
    function onScroll() {
      const { scrollHeight } = document.documentElement;
      isAtEnd.current = scrollHeight - window.scrollY - window.innerHeight < window.innerHeight * ROOM;
      if (isAtEnd.current) {
        setSeen(newest.current.messageCount);
      }
    }
    onScroll();
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => window.removeEventListener("scroll", onScroll);
  }, []);
  const before = useRef(messageCount);
  useEffect(() => {
    if (isAtEnd.current && messageCount > before.current) {
      newest.current.goToEnd();
      setSeen(messageCount);
    }
    before.current = messageCount;
  }, [messageCount]);
  return Math.max(0, messageCount - seen);
}
