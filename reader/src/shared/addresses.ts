/** The address of a session, or of the message at a position in it. */
export function messageAddress(sessionId: string, position?: number): string {
  const session = `/s/${encodeURIComponent(sessionId)}`;
  return position === undefined ? session : `${session}/${position}`;
}
