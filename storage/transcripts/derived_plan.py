"""The change of a stored session by a derivation, which is planned outside the transaction that writes it."""

from collections.abc import Sequence
from typing import NamedTuple

from storage.documents.document import message_values
from storage.json_codec import load
from storage.records.searched_text import content_texts
from storage.search.index.pieces import encode_entry
from storage.stored_values import decompressed_text
from storage.transcripts.derivation import Derivation
from storage.transcripts.derived_rows import RowBatch, SessionHead, StoredSession, places, row_digests, session_head
from storage.transcripts.summaries import MessageSummary, SessionCounts, live_digests

MOST_REPLACED = 64
"""The most messages at the end whose entries in the search index are replaced; with more, the session is indexed again.
"""


class DerivedPlan(NamedTuple):
    """The changes to write of a session: the messages from position `start` on, and its columns.

    `is_renumbered` tells that all messages are written under a new number. `places` are those of all messages, `kept`
    are the stored messages before `start`. `is_rewrite` tells that what a resume has read may have changed.
    """

    head: SessionHead
    digests: list[bytes]
    places: list[int | None]
    start: int
    is_renumbered: bool
    stored: StoredSession | None
    kept: list[MessageSummary]
    is_rewrite: bool
    is_longer: bool

    @property
    def is_unchanged(self) -> bool:
        """Whether there is nothing to write."""
        return (
            self.stored is not None
            and self.start == self.stored.message_count == len(self.digests)
            and [one.place for one in self.kept] == self.places
            and self.stored.header_hash == self.head.columns["header_hash"]
            and self.stored.parser_version == self.head.columns["parser_version"]
        )

    @property
    def title(self) -> str:
        """The title of the session once it is written: one that was given here stays."""
        return self.stored.title if self.stored is not None and self.stored.is_renamed else self.head.title

    @property
    def indexes_title(self) -> bool:
        """Whether the title is written to the search index."""
        return self.stored is None or self.is_renumbered or self.stored.title != self.title


def make_plan(
    head: SessionHead,
    digests: list[bytes],
    places: list[int | None],
    stored: StoredSession | None,
    messages: Sequence[MessageSummary],
) -> DerivedPlan:
    """Plan the change of a session, given what is stored of it and of all its messages."""
    common = 0
    for digest, one in zip(digests, messages, strict=False):
        if digest != one.digest:
            break
        common += 1
    is_renumbered = stored is None or len(messages) - common > MOST_REPLACED
    start = 0 if is_renumbered else common
    before = live_digests(messages)
    after = _in_place(digests, places)
    is_rewrite = after[: len(before)] != before or start < len(messages)
    return DerivedPlan(
        head,
        digests,
        places,
        start,
        is_renumbered,
        stored,
        list(messages[:start]),
        is_rewrite,
        len(after) > len(before),
    )


def _in_place(digests: list[bytes], places: list[int | None]) -> list[bytes]:
    live = sorted((place, digest) for place, digest in zip(places, digests, strict=True) if place is not None)
    return [digest for _, digest in live]


def placed(plan: DerivedPlan) -> list[MessageSummary]:
    """The summaries of the messages that are kept, with the places that the plan gives them."""
    return [one._replace(place=place) for one, place in zip(plan.kept, plan.places, strict=False)]


def plan_session(
    derivation: Derivation, version: int, stored: StoredSession | None, summaries: list[MessageSummary]
) -> DerivedPlan:
    """How a derivation changes what is stored of its session."""
    session = derivation.session
    head = session_head(session, version)
    return make_plan(head, row_digests(session, version), places(session), stored, summaries)


class WrittenMessages(NamedTuple):
    """Messages from position `start` on that a plan writes: the values of their rows, in a form that is quickly sent to
    another process.

    `counts` are those of the session with them, unless more of its messages are written apart. `with_title` tells
    whether the title is written to the search index.
    """

    plan: DerivedPlan
    start: int
    values: list[tuple[object, ...]]
    counts: SessionCounts
    with_title: bool

    @classmethod
    def of(
        cls, plan: DerivedPlan, batch: RowBatch, counts: SessionCounts, *, with_title: bool, is_sqlite: bool
    ) -> "WrittenMessages":
        """The rows of a batch, as SQLite or PostgreSQL stores them."""
        id = plan.head.id
        values = [message_values(id, at, row, is_sqlite=is_sqlite) for at, row in enumerate(batch.rows, batch.start)]
        # What is done already is not sent.
        needed = plan._replace(digests=[], places=plan.places[: plan.start])
        return cls(needed, batch.start, values, counts, with_title)

    def entries(self) -> list[str]:
        """The entries of the search index that writing these adds, in order."""
        contents = (decompressed_text(values[-1]) for values in self.values if isinstance(values[-1], (str, bytes)))
        entries = [encode_entry(content_texts(load(content))) for content in contents]
        return [*_title_entry(self.plan, with_title=self.with_title), *entries]


def batch_entries(plan: DerivedPlan, batch: RowBatch, *, with_title: bool) -> list[str]:
    """The entries of the search index that writing a batch adds, in order."""
    return [*_title_entry(plan, with_title=with_title), *(row.entry for row in batch.rows)]


def _title_entry(plan: DerivedPlan, *, with_title: bool) -> list[str]:
    return [encode_entry([plan.title])] if with_title else []
