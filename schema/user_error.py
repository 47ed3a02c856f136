"""UserError, an expected failure of a mutation, with UserErrorCode."""

from enum import Enum

import strawberry


@strawberry.enum(description="Kinds of `UserError`. More may be added.")
class UserErrorCode(Enum):
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="Nothing has that id.")
    INVALID_ID = strawberry.enum_value("INVALID_ID", description="The id is malformed.")
    INVALID_VALUE = strawberry.enum_value("INVALID_VALUE", description="A value is out of range or malformed.")
    CONFLICT = strawberry.enum_value(
        "CONFLICT", description="It does not fit what is stored, such as another agent's session with the same id."
    )
    SESSION_UNREADABLE = strawberry.enum_value(
        "SESSION_UNREADABLE", description="The stored session could not be understood."
    )


@strawberry.type(description="A failure that the caller can put right.")
class UserError:
    code: UserErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people.")
    path: list[str] | None = strawberry.field(
        description="Path in `input` of the field at fault; null when no one field is."
    )
