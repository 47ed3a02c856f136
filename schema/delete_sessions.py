"""Input and payload of the mutation `deleteSessions`."""

import strawberry

from schema.payload import Payload


@strawberry.input(description="What to delete.")
class DeleteSessionsInput:
    session_ids: list[strawberry.ID] = strawberry.field(description="The sessions, at most 100.")
    delete_threads: bool = strawberry.field(default=False, description="Whether threads seeded from them go too.")


@strawberry.type(description="The outcome of `deleteSessions`.")
class DeleteSessionsPayload(Payload):
    deleted_session_ids: list[strawberry.ID] | None = strawberry.field(
        description="Ids of what is gone, for evicting them from a cache; null when `userErrors` is not empty."
    )
