// The most sessions that a mutation takes.
const MOST = 100;

/** The items in lists of a size that one mutation takes. */
export function batches<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / MOST) }, (_, index) =>
    items.slice(index * MOST, (index + 1) * MOST),
  );
}
