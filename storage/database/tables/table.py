"""What the tables have in common."""

import re
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel


class Table(SQLModel):
    """Base of the tables, which are named after their classes: `thread_item` for ThreadItem."""

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy calls it with the class
        return re.sub("(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()


def column(kind: Any, *constraints: Any, **options: Any) -> Any:
    """A column that is not nullable unless `options` say so."""
    return Field(sa_column=sa.Column(kind, *constraints, **{"nullable": False, **options}))


def table_of(model: type[Table]) -> sa.Table:
    """The table of a class."""
    return cast("sa.Table", vars(model)["__table__"])
