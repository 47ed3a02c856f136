"""The statement that inserts sessions, for which each dialect has its own function."""

from importlib import import_module
from typing import Any

from storage.database.tables.session import session


def insert_new_sessions(*, is_sqlite: bool) -> Any:
    """The INSERT of those sessions whose ids do not exist. It returns their ids."""
    # A process imports only the dialect of its database.
    dialect: Any = import_module(f"sqlalchemy.dialects.{'sqlite' if is_sqlite else 'postgresql'}")
    return dialect.insert(session).on_conflict_do_nothing(index_elements=["id"]).returning(session.c.id)
