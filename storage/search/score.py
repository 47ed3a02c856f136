"""How well a part matches: the same number on both databases, made of counts that they give.

BM25 without its weight of words, since all must match (Robertson and Zaragoza, 2009, "The Probabilistic Relevance
Framework"), and more for titles and for words that stand together as they were asked.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from storage.database import Database
from storage.search.lists import is_among
from storage.search.match import tokens_of
from storage.search.parts import TITLE_POSITION, place_of
from storage.search.query import Clause
from storage.tables import search_part
from storage.types import byte_count

_SATURATION = 1.2
_LENGTH_WEIGHT = 0.75
_USUAL_LENGTH = 60
_TITLE_WEIGHT = 2.0
_TOGETHER_WEIGHT = 1.0


async def scores(database: Database, clauses: Sequence[Clause], part_ids: Sequence[int]) -> dict[int, float]:
    """The score of each part, by id; higher is better. Raises Unavailable."""
    if not part_ids:
        return {}
    asked = [tokens_of(clause) for clause in clauses]
    if len(clauses) > 1:
        asked.append(
            tokens_of(Clause(tuple(token for clause in clauses for token in clause.tokens), clauses[-1].is_prefix))
        )
    tokens = search_part.c.tokens
    counts = [
        (byte_count(tokens) - byte_count(sa.func.replace(tokens, sa.literal(text, sa.Text()), ""))).label(f"c{n}")
        for n, text in enumerate(asked)
    ]
    statement = sa.select(search_part.c.id, search_part.c.length, *counts).where(
        is_among(search_part.c.id, part_ids, is_sqlite=database.is_sqlite)
    )
    async with database.read() as connection:
        rows = (await connection.execute(statement)).all()
    return {
        part_id: _score(
            part_id,
            length,
            [count / len(text.encode()) for count, text in zip(removed, asked, strict=True)],
            len(clauses),
        )
        for part_id, length, *removed in rows
    }


def _score(part_id: int, length: int, counts: Sequence[float], clause_count: int) -> float:
    shortness = _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * length / _USUAL_LENGTH)
    score = sum(count * (_SATURATION + 1) / (count + shortness) for count in counts[:clause_count])
    if len(counts) > clause_count and counts[-1] > 0:
        score += _TOGETHER_WEIGHT
    if place_of(part_id)[1] == TITLE_POSITION:
        score += _TITLE_WEIGHT
    return round(score, 6)
