"""Input and payload of the mutation `updateSessions`."""

import strawberry

from schema.payload import Payload
from schema.session import Session


@strawberry.input(description="What to change of many sessions. An omitted field stays as it is.")
class UpdateSessionsInput:
    session_ids: list[strawberry.ID] = strawberry.field(description="The sessions, at most 100.")
    is_archived: bool | None = strawberry.field(description="Whether to hide them from default listings.")
    is_starred: bool | None = strawberry.field(description="Whether they are marked.")
    add_tags: list[str] | None = strawberry.field(
        description="Tags to put behind those that each has, once `removeTags` are gone; as for `updateSession`."
    )
    remove_tags: list[str] | None = strawberry.field(description="Tags to take away.")


@strawberry.type(description="The outcome of `updateSessions`.")
class UpdateSessionsPayload(Payload):
    sessions: list[Session] | None = strawberry.field(
        description="The sessions as they now stand, in the order of their ids; null when `userErrors` is not empty."
    )
