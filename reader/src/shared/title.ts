/** The titles under which sessions are shown. */
interface Titled {
  title: string;
  firstPrompt: string | null;
}

/** The title; in place of one that the agent cut off, the first prompt, which has the rest of it. */
export function fullTitle({ title, firstPrompt }: Titled): string {
  const cut = /^(.{8,})(?:…|\.\.\.)$/s.exec(title)?.[1];
  return cut && firstPrompt && oneLine(firstPrompt).startsWith(cut.trimEnd()) ? oneLine(firstPrompt) : title;
}

/** The first prompt, unless the title says the same. */
export function promptBelowTitle(session: Titled): string | null {
  const prompt = session.firstPrompt && oneLine(session.firstPrompt);
  return prompt && !fullTitle(session).startsWith(prompt) ? prompt : null;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
