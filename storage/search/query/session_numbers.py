"""The sessions in which a search finds something, without its hits."""

from collections.abc import Sequence

from storage.database.database import Database
from storage.search.query.hit import Search
from storage.search.query.hit_totals import HitTotals
from storage.search.query.hits import run_search


async def session_numbers(database: Database, search: Search) -> Sequence[int]:
    """The numbers of the sessions with a hit, and perhaps of ones that do not pass the filter. Raises Unavailable."""
    if search.is_empty:
        return []
    return await run_search(database, search, lambda finder: HitTotals(finder).session_numbers())
