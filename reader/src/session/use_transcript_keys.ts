import { useKeys } from "../shared/keys";
import type { Store } from "../shared/store";
import { shownBlocks } from "./message_parts";
import { type Prompt, promptIndex } from "./outline/use_prompts";
import type { TranscriptPages } from "./transcript_pages";

interface TranscriptKeys {
  pages: TranscriptPages;
  messageCount: number;
  prompts: readonly Prompt[];
  place: Store<number>;
  goTo: (position: number, align?: "start" | "end") => void;
}

/** Keys that go along the messages and open what is folded in them. */
export function useTranscriptKeys({ pages, messageCount, prompts, place, goTo }: TranscriptKeys): void {
  /** The next message that shows anything; one that is not loaded may. */
  function move(step: 1 | -1) {
    const focused = focusedPosition();
    // From the top of the window, its first message is the next one.
    let next = focused ?? place.get() - (step === 1 ? 1 : 0);
    do {
      next += step;
    } while (isEmpty(next));
    if (next >= 0 && next < messageCount) {
      goTo(next);
    }
  }
  function isEmpty(position: number): boolean {
    const message = pages.at(position);
    return message !== undefined && shownBlocks(message, pages).length === 0;
  }
  function movePrompt(step: 1 | -1) {
    const position = focusedPosition() ?? place.get();
    const index = promptIndex(prompts, position);
    // Within an answer, the prompt before is its own.
    const isWithin = step === -1 && prompts[index] !== undefined && prompts[index].position < position;
    const prompt = prompts[isWithin ? index : index + step];
    if (prompt) {
      goTo(prompt.position);
    }
  }
  function toggleFolds() {
    const row = document.activeElement?.closest("article.message");
    row?.querySelectorAll<HTMLElement>(".fold-line").forEach((line) => line.click());
  }

  useKeys({
    j: () => move(1),
    k: () => move(-1),
    J: () => movePrompt(1),
    K: () => movePrompt(-1),
    o: toggleFolds,
    g: () => goTo(0),
    G: () => goTo(messageCount - 1, "end"),
  });
}

function focusedPosition(): number | undefined {
  const row = document.activeElement?.closest<HTMLElement>("article.message");
  return row ? Number(row.dataset.position) : undefined;
}
