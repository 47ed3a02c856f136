/** The address of a session, or of one of its messages. */
export function messageAddress(sessionId: string, messageId?: string): string {
  const session = `/s/${encodeURIComponent(sessionId)}`;
  return messageId ? `${session}/${encodeURIComponent(messageId)}` : session;
}
