"""Asking either database which parts match: FTS5's MATCH, or a tsquery with the phrases looked up in the tokens."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.sql.elements import ColumnElement

from storage.database import Database
from storage.search.query import Clause
from storage.search.scan import is_said
from storage.tables import search_part

_index = sa.table("search_index", sa.column("rowid", sa.BigInteger()), sa.column("search_index"))
_explained = sa.text(
    "EXPLAIN (FORMAT JSON) SELECT FROM search_part WHERE search_lexemes(tokens) @@ CAST(:asked AS tsquery)"
)

_WORTH_ASKING = 3_000


class Matching:
    """How the parts that match all of some clauses are selected.

    By the index: `source` has them where `condition` holds. Without it: `search_part` has them where `is_said` does.
    `is_dear` tells that even a question to the index takes long, `worth_asking` how many messages, still to be walked,
    take longer, `parts_a_message` how many matching parts the index gives while a walk looks into one message.
    """

    def __init__(self, clauses: Sequence[Clause], is_sqlite: bool) -> None:
        self.source: sa.FromClause
        self.id: ColumnElement[int]
        self.condition: ColumnElement[bool]
        self._planned: float | None = None
        self.is_said = _all_said(clauses, is_sqlite)
        phrases = [clause for clause in clauses if len(clause.tokens) > 1]
        # SQLite puts together all that a prefix stands for before it gives the first.
        self.is_dear = is_sqlite and any(clause.is_prefix for clause in clauses)
        # SQLite follows all the words of a phrase to count it.
        self.worth_asking = 20 * _WORTH_ASKING if is_sqlite and phrases else _WORTH_ASKING
        # PostgreSQL reads a part's row where SQLite reads an entry of the index.
        self.parts_a_message = 1.0 if is_sqlite else 0.5
        if is_sqlite:
            self.source, self.id = _index, _index.c.rowid
            self.condition = _is_indexed(" AND ".join(map(_fts5, clauses)))
            self._words = " AND ".join(_fts5(Clause((token,), is_prefix)) for token, is_prefix in _words(clauses))
        else:
            self._words = " & ".join(f"'{token}'{':*' if is_prefix else ''}" for token, is_prefix in _words(clauses))
            self.source, self.id = search_part, search_part.c.id
            # As part of the statement's text: a plan for any query would not be the best one for this.
            asked = sa.cast(sa.literal(self._words, sa.Text(), literal_execute=True), TSQUERY)
            has_words = sa.func.search_lexemes(search_part.c.tokens).op("@@", is_comparison=True)(asked)
            self.condition = sa.and_(has_words, _all_said(phrases, is_sqlite))

    async def are_more_than(self, database: Database, count: int, *, exactly: bool = False) -> bool:
        """Whether the index has to look at more parts than so many: roughly, unless `exactly`, those that have the
        words, in phrases or not. Raises Unavailable.

        PostgreSQL looks at those in any case, and its planner knows without counting how many they are.
        """
        if not database.is_sqlite:
            return await self._planned_parts(database) > count
        beyond = (
            sa.select(_index.c.rowid)
            .where(self.condition if exactly else _is_indexed(self._words))
            .limit(1)
            .offset(count)
        )
        async with database.read() as connection:
            return (await connection.execute(beyond)).first() is not None

    async def _planned_parts(self, database: Database) -> float:
        if self._planned is None:
            async with database.read() as connection:
                explained = await connection.execute(_explained, {"asked": self._words})
            self._planned = float(explained.scalar_one()[0]["Plan"]["Plan Rows"])
        return self._planned


def tokens_of(clause: Clause) -> str:
    """A clause as it stands among a part's tokens."""
    return f" {' '.join(clause.tokens)}{'' if clause.is_prefix else ' '}"


def _all_said(clauses: Sequence[Clause], is_sqlite: bool) -> ColumnElement[bool]:
    # What is long is rare, and soon looked for.
    asked = sorted(map(tokens_of, clauses), key=len, reverse=True)
    return sa.and_(sa.true(), *(is_said(text, is_sqlite=is_sqlite) for text in asked))


def _is_indexed(asked: str) -> ColumnElement[bool]:
    return _index.c.search_index.op("MATCH", is_comparison=True)(sa.literal(asked, sa.Text()))


def _fts5(clause: Clause) -> str:
    return f'"{" ".join(clause.tokens)}"{" *" if clause.is_prefix else ""}'


def _words(clauses: Sequence[Clause]) -> list[tuple[str, bool]]:
    """Each token of the clauses, and whether it is a prefix."""
    words: list[tuple[str, bool]] = []
    for clause in clauses:
        *whole, last = clause.tokens
        words += [*((token, False) for token in whole), (last, clause.is_prefix)]
    return list(dict.fromkeys(words))
