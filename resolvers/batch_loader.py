"""Loaders that batch reads of single objects into one statement."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from strawberry.dataloader import DataLoader

from resolvers.time_slices import time_slices
from storage.errors import InvalidCursor

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)
Subject = TypeVar("Subject", bound=Hashable)
Shape = TypeVar("Shape", bound=Hashable)

ReadKeys: TypeAlias = Callable[[list[Any]], Awaitable[Sequence[Any]]]
"""Reads many keys at once: for each, its row or the exception that it fails with."""

ReadInShape: TypeAlias = Callable[[Sequence[Any], Any], Awaitable[Sequence[Any]]]
"""Reads many subjects in one shape, such as a page or a set of attributes."""

SubjectOf: TypeAlias = Callable[[Any], Any]
"""From a row to the subject of what belongs to it."""

MAX_BATCH = 500
MANY_KEYS = 100
"""Keys whose read takes a noticeable time on the event loop."""


class Loader(Protocol):
    """Loads rows by their keys, many at once."""

    def load(self, key: Any) -> Awaitable[Any]:
        """The row of a key."""

    def load_of(self, row: Any, subject_of: SubjectOf, shape: Any) -> Awaitable[Any]:
        """The objects that belong to a row, in a shape that does not depend on the row: a plan makes the loads of other
        rows from one.
        """


class BatchLoader(DataLoader[Key, Row]):
    """A DataLoader that is shared by all requests: keys of one turn of the event loop are read together.

    A request that is cancelled does not fail others; a read that no request awaits any more is cancelled.
    """

    def __init__(self, read: Callable[[list[Key]], Awaitable[Sequence[Row | BaseException]]]) -> None:
        super().__init__(read, cache=False, max_batch_size=MAX_BATCH)

    def load(self, key: Key) -> Awaitable[Row]:
        # A batch whose requests were all cancelled is never read: a key that joins it would wait for ever.
        if self.batch is not None and all(task.future.cancelled() for task in self.batch.tasks):
            self.batch = None
        loading = cast("asyncio.Future[Row]", super().load(key))
        # graphql-core drops awaitables when a sibling field fails, so this exception may never be retrieved.
        loading.add_done_callback(_retrieve_exception)
        return loading

    def load_of(self, row: Any, subject_of: SubjectOf, shape: Any) -> Awaitable[Row]:
        return self.load(cast("Key", (subject_of(row), shape)))


def _retrieve_exception(loading: "asyncio.Future[Any]") -> None:
    """Keep asyncio from logging that the exception was never retrieved."""
    if not loading.cancelled():
        loading.exception()


def by_shape(read: ReadInShape) -> ReadKeys:
    """A read for keys that are pairs of a subject and a shape, from one that reads many subjects in one shape.

    A shape that is refused, such as a page after a wrong cursor, fails its own keys only.
    """

    async def rows_of(subjects: list[Any], shape: Any) -> Sequence[Row | BaseException]:
        try:
            return await read(subjects, shape)
        except InvalidCursor as error:
            if len(subjects) == 1:
                return [error]
            # A cursor belongs to the list of one subject, which does not fail with the others.
            return [row for subject in subjects for row in await rows_of([subject], shape)]

    async def load(keys: list[tuple[Subject, Shape]]) -> Sequence[Row | BaseException]:
        if len(keys) > MANY_KEYS and (slices := time_slices()).is_over():
            await slices.next()
        first = keys[0][1]
        if all(shape == first for _, shape in keys):
            all_subjects = {subject: None for subject, _ in keys}
            if len(all_subjects) == len(keys):
                return await rows_of(list(all_subjects), first)
        subjects: defaultdict[Shape, dict[Subject, None]] = defaultdict(dict)
        for subject, shape in keys:
            subjects[shape][subject] = None
        found: dict[tuple[Subject, Shape], Row | BaseException] = {}
        for shape, unique in subjects.items():
            try:
                rows = await rows_of(list(unique), shape)
            except Exception as error:
                rows = [error] * len(unique)
            found.update({(subject, shape): row for subject, row in zip(unique, rows, strict=True)})
        return [found[key] for key in keys]

    return load
