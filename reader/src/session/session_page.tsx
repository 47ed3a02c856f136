import "./session.css";

import { useApolloClient, useQuery } from "@apollo/client/react";
import { useEffect, useMemo, useState } from "react";

import { NotFound } from "../app/not_found";
import { SubagentsContext } from "./content/message_content";
import { Folds, FoldsContext } from "./folds";
import { SessionHeader } from "./session_header";
import { SESSION_PAGE } from "./session_query";
import { type Target, Transcript } from "./transcript";
import { TranscriptPages } from "./transcript_pages";

interface SessionPageProps {
  sessionId: string;
  /** The position of the message to begin at, from the address. */
  position: number | undefined;
}

/** One session: its head and its transcript. */
export function SessionPage({ sessionId, position }: SessionPageProps) {
  const client = useApolloClient();
  const { data, error } = useQuery(SESSION_PAGE, { variables: { id: sessionId } });
  const pages = useMemo(() => new TranscriptPages(client, sessionId), [client, sessionId]);
  const folds = useMemo(() => new Folds(), []);
  const [target, setTarget] = useState<Target>();
  useEffect(() => {
    if (position !== undefined) {
      setTarget({ position, isFocused: true });
    }
  }, [position]);

  // The first page of messages comes along with the session.
  useEffect(() => pages.load(position ?? 0, position ?? 0), [pages, position]);

  const session = data?.session;
  useEffect(() => {
    if (session?.title) {
      document.title = `${session.title} · Reprise`;
    }
    return () => {
      document.title = "Reprise";
    };
  }, [session?.title]);

  if (error) {
    return <main className="notice">{error.message}</main>;
  }
  if (!data) {
    return (
      <main className="notice" aria-busy="true">
        Loading…
      </main>
    );
  }
  if (!session) {
    return <NotFound />;
  }
  return (
    <FoldsContext value={folds}>
      <SubagentsContext value={session.children.nodes}>
        <div className="session-page">
          <main>
            <SessionHeader session={session} />
            <Transcript
              sessionId={sessionId}
              source={session.source}
              pages={pages}
              messageCount={session.messageCount}
              target={target}
            />
          </main>
        </div>
      </SubagentsContext>
    </FoldsContext>
  );
}
