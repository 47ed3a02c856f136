"""The stored companions of transcripts, each read and written by few statements."""

from collections.abc import Sequence

import sqlalchemy as sa

from storage.archive.transcript_rows import NewCompanion, TranscriptRow
from storage.compression import decompress
from storage.database.list_parameters import is_any_of
from storage.database.tables.transcript import transcript, transcript_companion
from storage.database.transaction import DatabaseConnection, Transaction

_COMPANION_COLUMNS = ("transcript_id", "name", "digest", "data")

_of_generations = (
    sa.select(transcript_companion.c.name)
    .join_from(transcript_companion, transcript, transcript.c.id == transcript_companion.c.transcript_id)
    .where(
        sa.or_(
            transcript.c.id == sa.bindparam("own"),
            sa.and_(
                transcript.c.source == sa.bindparam("source"),
                transcript.c.name == sa.bindparam("transcript"),
                transcript.c.session_id == sa.bindparam("session_id"),
            ),
        )
    )
    # Its own first, then those of newer generations.
    .order_by(transcript.c.id != sa.bindparam("own"), transcript.c.generation.desc())
)
_digests = _of_generations.add_columns(transcript_companion.c.digest)
_companions = _of_generations.add_columns(transcript_companion.c.data)
_companion = _companions.where(transcript_companion.c.name == sa.bindparam("companion")).limit(1)


async def companion_digests(connection: DatabaseConnection, row: TranscriptRow) -> dict[str, bytes]:
    """The digests of the companions of a transcript and of its other generations, by their names."""
    digests: dict[str, bytes] = {}
    for name, digest in await connection.execute(_digests, _generations_of(row)):
        digests.setdefault(name, digest)
    return digests


async def companion_names(connection: DatabaseConnection, ids: Sequence[int]) -> dict[int, frozenset[str]]:
    """The names of the companions of transcripts, by the ids of those that have any."""
    columns = transcript_companion.c
    statement = sa.select(columns.transcript_id, columns.name)
    names: dict[int, set[str]] = {}
    for row in await connection.execute(statement.where(is_any_of(columns.transcript_id, "ids", list(ids)))):
        names.setdefault(row.transcript_id, set()).add(row.name)
    return {id: frozenset(some) for id, some in names.items()}


async def read_companion(connection: DatabaseConnection, row: TranscriptRow, name: str) -> bytes | None:
    """The content of a transcript's companion, else that of another generation of it; None if there is none.

    An agent may have deleted the file by the time that it writes the transcript anew.
    """
    found = (await connection.execute(_companion, {**_generations_of(row), "companion": name})).first()
    return None if found is None else decompress(found.data)


async def read_companions(connection: DatabaseConnection, row: TranscriptRow) -> dict[str, bytes]:
    """The companions of a transcript and of its other generations by their names, sorted."""
    found: dict[str, bytes] = {}
    for name, data in await connection.execute(_companions, _generations_of(row)):
        found.setdefault(name, data)
    return {name: decompress(data) for name, data in sorted(found.items())}


def _generations_of(row: TranscriptRow) -> dict[str, object]:
    return {"own": row.id, "source": row.source, "transcript": row.name, "session_id": row.session_id}


async def write_companions(transaction: Transaction, companions: Sequence[NewCompanion]) -> None:
    """Write companions over those that have the same names."""
    if companions:
        await transaction.execute(
            _delete_companion, [{"own": one.transcript_id, "companion": one.name} for one in companions]
        )
    await transaction.insert(transcript_companion, _COMPANION_COLUMNS, companions)


_delete_companion = sa.delete(transcript_companion).where(
    transcript_companion.c.transcript_id == sa.bindparam("own"),
    transcript_companion.c.name == sa.bindparam("companion"),
)


async def move_companions(transaction: Transaction, transcript_id: int, into: int) -> None:
    """Give another transcript the companions that it lacks."""
    own = transcript_companion.alias()
    await transaction.execute(
        sa.update(transcript_companion)
        .where(
            transcript_companion.c.transcript_id == transcript_id,
            transcript_companion.c.name.not_in(sa.select(own.c.name).where(own.c.transcript_id == into)),
        )
        .values(transcript_id=into)
    )
