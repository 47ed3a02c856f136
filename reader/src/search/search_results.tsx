import "./search.css";

import { useEffect, useRef } from "react";
import { Link } from "wouter";

import { failureText } from "../actions/failures";
import { messageAddress } from "../shared/addresses";
import { AgentName } from "../shared/agent_name";
import { count, counted, exactTime, shortPath, shortTime } from "../shared/format";
import { fullTitle } from "../shared/title";
import { HitLine } from "./hit_line";
import type { FoundSession, Search } from "./use_search";

export function SearchResults({ search }: { search: Search }) {
  const { query, sessions, error, endCursor, isStale, loadMore } = search;
  if (error) {
    return <p className="failure">{failureText(error)}</p>;
  }
  if (!sessions) {
    return null;
  }
  if (sessions.length === 0) {
    return (
      <div className="notice">
        <h2>Nothing is found</h2>
        <p>All words must match. Quotes keep words together, and a star at the end matches the beginning of words.</p>
      </div>
    );
  }
  return (
    <div className="found-list" data-stale={isStale}>
      {sessions.map((found) => (
        <Found key={found.session.id} {...found} query={query} />
      ))}
      {endCursor && <End key={endCursor} onSeen={loadMore} />}
    </div>
  );
}

function Found({ session, hitCount, hits, query }: FoundSession & { query: string }) {
  const others = hitCount - hits.length;
  return (
    <article className="found" aria-labelledby={`found-${session.id}`}>
      <header className="found-head">
        <h2 className="session-title" id={`found-${session.id}`}>
          <Link href={messageAddress(session.id)} dir="auto">
            {fullTitle(session)}
          </Link>
        </h2>
        <span className="found-count">{counted(hitCount, "hit")}</span>
      </header>
      <p className="session-facts">
        <AgentName source={session.source} />
        <span title={session.workspace}>{shortPath(session.workspace)}</span>
        <time dateTime={session.updatedAt} title={exactTime(session.updatedAt)}>
          {shortTime(session.updatedAt)}
        </time>
      </p>
      <ul className="hits">
        {hits.map((hit) => (
          <HitLine key={hit.id} sessionId={session.id} hit={hit} query={query} />
        ))}
      </ul>
      {others > 0 && (
        <p className="found-more">
          <Link href={messageAddress(session.id, undefined, query)}>and {count(others)} more</Link>
        </p>
      )}
    </article>
  );
}

/** Loads the next page when the end of the list comes into sight. */
function End({ onSeen }: { onSeen: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && onSeen(), { rootMargin: "600px" });
    observer.observe(end.current!);
    return () => observer.disconnect();
  }, []);
  return <div ref={end} />;
}
