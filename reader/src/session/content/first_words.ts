/** The beginning of a text, on one line. */
export function firstWords(text: string): string {
  return text.slice(0, 300).replace(/\s+/g, " ").trim();
}
