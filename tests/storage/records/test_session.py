"""Lists of sessions are read by an index in each order: their cost does not grow with the number of sessions."""

import sqlite3
from contextlib import closing

import pytest

from storage.records.listing import _select_rows
from storage.records.session import _ORDERS, _listing


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("field", _ORDERS)
@pytest.mark.parametrize(
    ("archived", "names", "prefix"),
    [("ACTIVE", (), "session_is_archived_"), ("ANY", (), "session_"), ("ANY", ("kinds",), "session_")],
)
def test_a_list_is_read_by_an_index(
    database_url: str, field: str, archived: str, names: tuple[str, ...], prefix: str
) -> None:
    listing = _listing(archived, names, field, "DESC")
    select = _select_rows(listing, ("id", "title"), (), is_backward=False, is_sqlite=True)
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as connection:
        values = select.parameters({"size": 51, "kinds": ["MAIN"]})
        [first, *others] = connection.execute(f"EXPLAIN QUERY PLAN {select.text}", values)
    assert f" INDEX {prefix}{listing.order[0].name}" in first[-1], first
    assert not [step for step in others if "TEMP B-TREE FOR ORDER BY" in step[-1]]
