import { type RefObject, useEffect } from "react";

const NAME = "find";

/**
 * Marks words in what is rendered of an element, by the browser's highlights: the document stays as it is. Browsers
 * without them only lack the marks.
 */
export function useMarks(element: RefObject<HTMLElement | null>, words: readonly string[]): void {
  useEffect(() => {
    const root = element.current;
    if (!root || words.length === 0 || !("highlights" in CSS)) {
      return;
    }
    const pattern = new RegExp(words.map(escaped).join("|"), "giu");
    let frame = 0;
    const mark = () => {
      frame = 0;
      CSS.highlights.set(NAME, new Highlight(...rangesOf(root, pattern)));
    };
    // Once a frame, however many rows come and go.
    const observer = new MutationObserver(() => {
      frame ||= requestAnimationFrame(mark);
    });
    observer.observe(root, { childList: true, subtree: true, characterData: true });
    mark();
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame);
      CSS.highlights.delete(NAME);
    };
  }, [element, words]);
}

function rangesOf(root: HTMLElement, pattern: RegExp): Range[] {
  const ranges: Range[] = [];
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    for (const match of node.nodeValue!.matchAll(pattern)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      ranges.push(range);
    }
  }
  return ranges;
}

function escaped(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
