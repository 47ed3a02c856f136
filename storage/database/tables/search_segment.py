"""The search index."""

import sqlalchemy as sa

from storage.database.tables.table import Table, column, table_of
from storage.database.types import KeyText


class SearchSegment(Table, table=True):
    """A segment of the search index: the postings of `size` entries. `runs` lists the entries by session.

    Its terms are stored in blocks. Segments are immutable: additions make new ones, and compaction merges small ones.
    """

    id: int = column(sa.BigInteger, primary_key=True, autoincrement=False)
    size: int = column(sa.Integer)
    weight: int = column(sa.BigInteger)
    runs: bytes = column(sa.LargeBinary)


class SearchBlock(Table, table=True):
    """A block of a segment: a range of its terms, beginning with `first`, and their postings."""

    segment_id: int = column(sa.BigInteger, primary_key=True, autoincrement=False)
    first: str = column(KeyText, primary_key=True)
    data: bytes = column(sa.LargeBinary)


search_segment = table_of(SearchSegment)
search_block = table_of(SearchBlock)
