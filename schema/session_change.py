"""SessionChange, a change of a session that subscribers get, with SessionChangeKind."""

from enum import Enum

import strawberry

import resolvers.session_change
from schema.field import Info, field
from schema.scalars import BigInt
from schema.session import Session


@strawberry.enum(description="What happened to a session.")
class SessionChangeKind(Enum):
    CREATED = strawberry.enum_value("CREATED", description="It is new here.")
    UPDATED = strawberry.enum_value(
        "UPDATED", description="It has more or other messages, another title, tags or marks."
    )
    DELETED = strawberry.enum_value("DELETED", description="It is gone.")


@strawberry.type(description="Something happened to a session.")
class SessionChange:
    seq: BigInt = strawberry.field(description="Rises with every change.")
    kind: SessionChangeKind = strawberry.field(description="What happened.")
    session_id: strawberry.ID = strawberry.field(description="The session's id.")

    @field(Session | None, "The session as it now stands; null when it is deleted.", needs=("kind", "session_id"))
    @staticmethod
    def session(row: strawberry.Parent[resolvers.session_change.SessionChangeRow], info: Info) -> object:
        return resolvers.session_change.session(info.context, row)
