"""Batches of what is read at once, bounded by how much memory it takes."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar


class _Sized(Protocol):
    @property
    def size(self) -> int:
        """Bytes."""


T = TypeVar("T", bound=_Sized)


def byte_batches(items: Iterable[T], most_items: int, most_bytes: int) -> Iterator[list[T]]:
    """Split items, in order, into batches bounded by count and size; one that is larger is a batch of its own."""
    batch: list[T] = []
    size = 0
    for item in items:
        if batch and (len(batch) == most_items or size + item.size > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch
