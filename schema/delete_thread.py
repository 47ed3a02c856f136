"""Input and payload of the mutation `deleteThread`."""

import strawberry

from schema.payload import Payload


@strawberry.input(description="What to delete.")
class DeleteThreadInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")


@strawberry.type(description="The outcome of `deleteThread`.")
class DeleteThreadPayload(Payload):
    deleted_thread_id: strawberry.ID | None = strawberry.field(
        description="Id of what is gone, for evicting it from a cache; null when `userErrors` is not empty."
    )
