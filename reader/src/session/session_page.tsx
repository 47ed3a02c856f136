import { useQuery } from "@apollo/client/react";
import { Link } from "wouter";

import { NotFound } from "../app/not_found";
import { SESSION_PAGE } from "./session_query";

interface SessionPageProps {
  sessionId: string;
  /** The message to begin at, from the address. */
  messageId: string | undefined;
}

/** One session: its head and its transcript. */
export function SessionPage({ sessionId }: SessionPageProps) {
  const { data, error } = useQuery(SESSION_PAGE, { variables: { id: sessionId } });
  if (error) {
    return <main className="notice">{error.message}</main>;
  }
  if (!data) {
    return <main className="notice">Loading…</main>;
  }
  if (!data.session) {
    return <NotFound />;
  }
  return (
    <main>
      <p>
        <Link href="/">All sessions</Link>
      </p>
      <h1>{data.session.title}</h1>
      {data.session.messages?.nodes.map((message) => (
        <article key={message.id}>
          <h2>{message.role}</h2>
          <pre>{message.text}</pre>
        </article>
      ))}
    </main>
  );
}
