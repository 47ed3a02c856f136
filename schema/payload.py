"""The base class of the payloads of mutations."""

import strawberry

from schema.user_error import UserError


@strawberry.type
class Payload:
    user_errors: list[UserError] = strawberry.field(description="What the caller can put right.")
