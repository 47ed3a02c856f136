"""Engines for the databases of tests: a statement is compiled once a process, where each engine would do it again."""

from collections import UserDict
from typing import Any

from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


class CompiledStatements(UserDict[Any, Any]):
    """SQLAlchemy's compiled statements, whose keys begin with a dialect. Each engine has a dialect of its own.

    Dialects of one class compile alike for servers of one version, which is not known before the first connection.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return self.data.get(_shared(key), default)

    def __setitem__(self, key: Any, statement: Any) -> None:
        self.data[_shared(key)] = statement


_statements = CompiledStatements()


def create_engine(url: URL, **options: Any) -> AsyncEngine:
    """An engine that shares its compiled statements with the others of the process."""
    return create_async_engine(url, execution_options={"compiled_cache": _statements}, **options)


def _shared(key: Any) -> Any:
    dialect, *rest = key
    return (type(dialect), getattr(dialect, "server_version_info", None), *rest)
