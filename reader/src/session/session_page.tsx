import "./session.css";

import { useApolloClient, useQuery } from "@apollo/client/react";
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { useSearchParams } from "wouter";

import { failureText } from "../actions/failures";
import { NotFound } from "../app/not_found";
import type { SessionHeadFragment, SubagentFragment } from "../gql/graphql";
import { Dialog } from "../shared/dialog";
import { counted } from "../shared/format";
import { Store } from "../shared/store";
import { fullTitle } from "../shared/title";
import { SubagentsContext } from "./content/message_content";
import { FindField } from "./find/find_field";
import { FindResults } from "./find/find_results";
import { useFind } from "./find/use_find";
import { Folds, FoldsContext } from "./folds";
import { Outline } from "./outline/outline";
import { usePrompts } from "./outline/use_prompts";
import { SessionHeader } from "./session_header";
import { SESSION_PAGE } from "./session_query";
import { type Target, Transcript } from "./transcript";
import { TranscriptBar } from "./transcript_bar";
import { pagesAround, TranscriptPages } from "./transcript_pages";
import { useFollow, useStickToEnd } from "./use_follow";
import { useTranscriptKeys } from "./use_transcript_keys";

const NONE: readonly SubagentFragment[] = [];

interface SessionPageProps {
  sessionId: string;
  /** The position of the message to begin at, from the address. */
  position: number | undefined;
}

/** One session: its head and its transcript. */
export function SessionPage({ sessionId, position }: SessionPageProps) {
  const client = useApolloClient();
  const pages = useMemo(() => new TranscriptPages(client, sessionId), [client, sessionId]);
  const [start] = useState(() => pagesAround(position ?? 0));
  const { data, error, refetch } = useQuery(SESSION_PAGE, { variables: { id: sessionId, ...start } });
  const messages = data?.session?.messages?.nodes;
  useMemo(() => messages && pages.begin(start.from, messages), [pages, start, messages]);
  const isDeleted = useFollow(sessionId, data?.session?.children?.changeSeq, pages);

  if (error) {
    return (
      <main className="notice">
        <h1>The session could not be loaded</h1>
        <p role="alert">{failureText(error)}</p>
        <button type="button" className="button" onClick={() => void refetch()}>
          Try again
        </button>
      </main>
    );
  }
  if (!data) {
    return (
      <main className="notice" aria-busy="true">
        Loading…
      </main>
    );
  }
  if (!data.session || isDeleted) {
    return <NotFound />;
  }
  return (
    <LoadedSession
      session={data.session}
      subagents={data.session.children?.nodes ?? NONE}
      pages={pages}
      position={position}
    />
  );
}

function marked(position: number, align: Target["align"] = "start"): Target {
  return { position, align, isMarked: true, isFocused: true };
}

interface LoadedSessionProps {
  session: SessionHeadFragment;
  subagents: readonly SubagentFragment[];
  pages: TranscriptPages;
  position: number | undefined;
}

function LoadedSession({ session, subagents, pages, position }: LoadedSessionProps) {
  const { id, messageCount, source } = session;
  const title = fullTitle(session);
  const folds = useMemo(() => new Folds(), []);
  const place = useMemo(() => new Store(0), []);
  const [target, setTarget] = useState<Target | undefined>(() => (position === undefined ? undefined : marked(position)));
  const goTo = useCallback(
    (next: number, align: Target["align"] = "start") => setTarget(marked(next, align)),
    [],
  );
  const prompts = usePrompts(id, messageCount);
  const [parameters] = useSearchParams();
  const asked = parameters.get("q") ?? "";
  const find = useFind(id, asked);
  const missed = useStickToEnd(messageCount, () =>
    setTarget({ position: messageCount - 1, align: "end", isMarked: false, isFocused: false }),
  );
  const [isOutlineShown, setIsOutlineShown] = useState(false);
  useTranscriptKeys({ pages, messageCount, prompts, place, goTo });
  useSyncExternalStore(pages.subscribe, pages.error);
  const failure = pages.error();

  const before = useRef(position);
  useEffect(() => {
    if (position !== undefined && position !== before.current) {
      goTo(position);
    }
    before.current = position;
  }, [position, goTo]);
  useEffect(() => {
    document.title = `${title} · Reprise`;
    return () => {
      document.title = "Reprise";
    };
  }, [title]);

  function showHit(index: number) {
    const hit = find.hits[index];
    if (hit?.message) {
      find.setIndex(index);
      const { blockPosition } = hit;
      setTarget({ position: hit.message.position, align: "start", isMarked: true, isFocused: false, blockPosition });
    }
  }
  function stepHit(step: 1 | -1) {
    const { hits, index } = find;
    // Begins at the messages in sight, and continues from the other end.
    const from = index >= 0 ? index + step : hits.findIndex(({ message }) => message!.position >= place.get());
    showHit((from + hits.length) % hits.length);
  }

  // The address leads to a hit: what it is in opens, and it is where the steps begin.
  const isAsked = asked !== "" && find.query === asked && find.hits.length > 0;
  useEffect(() => {
    if (isAsked) {
      showHit(position === undefined ? 0 : find.hits.findIndex(({ message }) => message?.position === position));
    }
  }, [isAsked, position]);

  const outline = (onChosen?: () => void) => (
    <Outline sessionId={id} prompts={prompts} subagents={subagents} place={place} onChosen={onChosen} />
  );
  return (
    <FoldsContext value={folds}>
      <SubagentsContext value={subagents}>
        <div className="session-page">
          <main>
            <SessionHeader session={session} />
            <TranscriptBar
              title={title}
              messageCount={messageCount}
              place={place}
              onOutline={() => setIsOutlineShown(true)}
            >
              <FindField find={find} onStep={stepHit} />
            </TranscriptBar>
            {failure && (
              <p className="failure" role="alert">
                {failureText(failure)} It is tried again.
              </p>
            )}
            {messageCount === 0 && <p className="transcript-empty">Nothing was said in this session.</p>}
            <Transcript
              sessionId={id}
              source={source}
              pages={pages}
              messageCount={messageCount}
              target={target}
              words={find.words}
              place={place}
            />
          </main>
          <aside className="session-aside" aria-label="Outline">
            {find.query === "" ? outline() : <FindResults find={find} onChosen={showHit} />}
          </aside>
        </div>
        {missed > 0 && (
          <button type="button" className="button primary new-messages" onClick={() => goTo(messageCount - 1, "end")}>
            {counted(missed, "new message")}
          </button>
        )}
        {isOutlineShown && (
          <Dialog title="Outline" hidesTitle onClose={() => setIsOutlineShown(false)}>
            {outline(() => setIsOutlineShown(false))}
          </Dialog>
        )}
      </SubagentsContext>
    </FoldsContext>
  );
}
