/** The address of a session, or of the message at a position in it; with a query, of the hit there. */
export function messageAddress(sessionId: string, position?: number, query?: string): string {
  const session = `/s/${encodeURIComponent(sessionId)}`;
  const message = position === undefined ? session : `${session}/${position}`;
  return query ? `${message}?${new URLSearchParams({ q: query })}` : message;
}
