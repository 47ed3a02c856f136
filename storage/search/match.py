"""Asking either database which parts match: FTS5's MATCH, or a tsquery with the phrases looked up in the tokens."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Database
from storage.search.query import Clause
from storage.tables import search_part
from storage.types import position_of

_index = sa.table("search_index", sa.column("rowid", sa.BigInteger()), sa.column("search_index"))
_explained = sa.text(
    "EXPLAIN (FORMAT JSON) SELECT FROM search_part WHERE search_lexemes(tokens) @@ CAST(:asked AS tsquery)"
)


class Matching:
    """How the parts that match all of some clauses are selected.

    By the index: `source` has them where `condition` holds. Without it: `search_part` has them where `is_said` does.
    """

    def __init__(self, clauses: Sequence[Clause], is_sqlite: bool) -> None:
        self.source: sa.FromClause
        self.id: ColumnElement[int]
        self.condition: ColumnElement[bool]
        self.is_said = _all_said(clauses)
        if is_sqlite:
            self._asked = " AND ".join(map(_fts5, clauses))
            self.source, self.id = _index, _index.c.rowid
            self.condition = _index.c.search_index.op("MATCH", is_comparison=True)(sa.literal(self._asked, sa.Text()))
        else:
            self._asked = " & ".join(map(_tsquery, clauses))
            self.source, self.id = search_part, search_part.c.id
            # As part of the statement's text: a plan for any query would not be the best one for this.
            asked = sa.cast(sa.literal(self._asked, sa.Text(), literal_execute=True), TSQUERY)
            has_words = sa.func.search_lexemes(search_part.c.tokens).op("@@", is_comparison=True)(asked)
            self.condition = sa.and_(has_words, _all_said([clause for clause in clauses if len(clause.tokens) > 1]))

    async def are_more_than(self, database: Database, count: int) -> bool:
        """Whether the index has to do with more parts than so many, roughly. Raises Unavailable.

        PostgreSQL's planner knows without counting, which would take as long as finding them all.
        """
        async with database.read() as connection:
            if not database.is_sqlite:
                explained = await connection.execute(_explained, {"asked": self._asked})
                return bool(explained.scalar_one()[0]["Plan"]["Plan Rows"] > count)
            beyond = sa.select(self.id).where(self.condition).limit(1).offset(count)
            return (await connection.execute(beyond)).first() is not None


def tokens_of(clause: Clause) -> str:
    """A clause as it stands among a part's tokens."""
    return f" {' '.join(clause.tokens)}{'' if clause.is_prefix else ' '}"


def _all_said(clauses: Sequence[Clause]) -> ColumnElement[bool]:
    return sa.and_(sa.true(), *(position_of(tokens_of(clause), search_part.c.tokens) > 0 for clause in clauses))


def _fts5(clause: Clause) -> str:
    return f'"{" ".join(clause.tokens)}"{" *" if clause.is_prefix else ""}'


def _tsquery(clause: Clause) -> str:
    *whole, last = clause.tokens
    return " & ".join([*(f"'{token}'" for token in whole), f"'{last}'{':*' if clause.is_prefix else ''}"])
