interface SnippetProps {
  text: string;
  /** Spans of code points. */
  highlights: readonly { start: number; end: number }[];
}

/** Text around a match, with the matches marked. */
export function Snippet({ text, highlights }: SnippetProps) {
  const characters = [...text];
  const slice = (start: number, end?: number) => characters.slice(start, end).join("");
  let written = 0;
  const parts = highlights.map(({ start, end }) => {
    const before = slice(written, start);
    written = end;
    return (
      <span key={start}>
        {before}
        <mark>{slice(start, end)}</mark>
      </span>
    );
  });
  return (
    <span dir="auto">
      {parts}
      {slice(written)}
    </span>
  );
}
