"""Input and payload of the mutation `deleteSession`."""

import strawberry

from schema.payload import Payload


@strawberry.input(description="What to delete.")
class DeleteSessionInput:
    session_id: strawberry.ID = strawberry.field(description="The session.")
    delete_threads: bool = strawberry.field(default=False, description="Whether threads seeded from it go too.")


@strawberry.type(description="The outcome of `deleteSession`.")
class DeleteSessionPayload(Payload):
    deleted_session_id: strawberry.ID | None = strawberry.field(
        description="Id of what is gone, for evicting it from a cache; null when `userErrors` is not empty."
    )
