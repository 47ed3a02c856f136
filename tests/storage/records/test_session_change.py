"""Every condition of a filter can also be asked of the values before the last change."""

import pytest

from storage.database.tables.session import session
from storage.records.session_change import _changes
from storage.records.session_filter import _CONDITIONS


@pytest.mark.parametrize("is_sqlite", [True, False])
@pytest.mark.parametrize("archived", ["ACTIVE", "ANY"])
def test_a_filter_of_every_condition_compares_the_previous_values_too(archived: str, is_sqlite: bool) -> None:
    text = _changes(archived, tuple(_CONDITIONS), is_sqlite=is_sqlite).text
    compared = {name for name in session.c.keys() if f"session.previous_{name}" in text}  # noqa: SIM118 - iterating a collection of columns gives columns
    assert compared >= {"title_folded", "workspace_key", "model", "source", "kind", "created_at", "saved_at"}
    assert text.count("session.title_folded") == 1
    assert (archived == "ANY") or "session.previous_is_archived" in text
