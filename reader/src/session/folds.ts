import { createContext, useCallback, useContext, useSyncExternalStore } from "react";

/** What is folded by default, each kind by its own switch. */
export type FoldKind = "tool" | "thinking" | "injected";

/** Which parts of the transcript are open. It outlives the rows, which leave the document when they are out of sight. */
export class Folds {
  readonly #open = new Map<string, boolean>();
  readonly #openKinds = new Set<FoldKind>();
  readonly #listeners = new Set<() => void>();

  isOpen(id: string, kind: FoldKind): boolean {
    return this.#open.get(id) ?? this.#openKinds.has(kind);
  }

  set(id: string, isOpen: boolean): void {
    this.#open.set(id, isOpen);
    this.#changed();
  }

  open({ kind, name }: { kind: FoldKind; name: string }): void {
    this.set(idOf(kind, name), true);
  }

  isKindOpen(kind: FoldKind): boolean {
    return this.#openKinds.has(kind);
  }

  /** Opens or folds all of a kind. */
  setKind(kind: FoldKind, isOpen: boolean): void {
    this.#open.forEach((_, id) => id.startsWith(kind) && this.#open.delete(id));
    if (isOpen) {
      this.#openKinds.add(kind);
    } else {
      this.#openKinds.delete(kind);
    }
    this.#changed();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #changed(): void {
    this.#listeners.forEach((listener) => listener());
  }
}

export const FoldsContext = createContext(new Folds());

/** Whether a part is open, and a function that opens or folds it. */
export function useFold(kind: FoldKind, name: string): [boolean, () => void] {
  const folds = useContext(FoldsContext);
  const id = idOf(kind, name);
  const isOpen = useSyncExternalStore(folds.subscribe, () => folds.isOpen(id, kind));
  return [isOpen, useCallback(() => folds.set(id, !folds.isOpen(id, kind)), [folds, id, kind])];
}

function idOf(kind: FoldKind, name: string): string {
  return `${kind} ${name}`;
}
