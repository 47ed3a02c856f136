"""Input and payload of the mutation `updateSession`."""

import strawberry

from schema.payload import Payload
from schema.session import Session


@strawberry.input(description="What to change. An omitted field stays as it is.")
class UpdateSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    title: str | None = strawberry.field(
        description="The new title, 1 to 100 code points once trimmed; no control or bidirectional-override characters."
    )
    is_archived: bool | None = strawberry.field(description="Whether to hide it from default listings.")
    is_starred: bool | None = strawberry.field(description="Whether it is marked.")
    tags: list[str] | None = strawberry.field(
        description="Its tags in order, in place of those it has: at most 50 of 1 to 50 code points once trimmed; "
        "repeated ones count once."
    )
    note: str | None = strawberry.field(
        description="Its note, at most 10,000 code points once trimmed; an empty one takes it away."
    )


@strawberry.type(description="The outcome of `updateSession`.")
class UpdateSessionPayload(Payload):
    session: Session | None = strawberry.field(
        description="The session as it now stands; null when `userErrors` is not empty."
    )
