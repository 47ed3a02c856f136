"""SessionOrder, the input that orders lists of sessions, with SessionOrderField and OrderDirection."""

from enum import Enum

import strawberry


@strawberry.enum(description="What sessions can be ordered by.")
class SessionOrderField(Enum):
    UPDATED_AT = strawberry.enum_value("UPDATED_AT", description="When last changed.")
    CREATED_AT = strawberry.enum_value("CREATED_AT", description="When first saved.")
    SAVED_AT = strawberry.enum_value("SAVED_AT", description="When last changed here.")
    TITLE = strawberry.enum_value("TITLE", description="Title, ignoring case.")
    MESSAGE_COUNT = strawberry.enum_value("MESSAGE_COUNT", description="Number of messages.")
    TOTAL_TOKENS = strawberry.enum_value("TOTAL_TOKENS", description="Tokens spent.")


@strawberry.enum(description="Which way to order.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("ASC", description="Smallest, oldest or A first.")
    DESC = strawberry.enum_value("DESC", description="Largest, newest or Z first.")


@strawberry.input(description="An order for sessions. Ties are broken by id, so pages never overlap.")
class SessionOrder:
    field: SessionOrderField = strawberry.field(description="What to compare.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.DESC, description="Which way.")


NEWEST_FIRST = SessionOrder(field=SessionOrderField.UPDATED_AT, direction=OrderDirection.DESC)
