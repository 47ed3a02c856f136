"""Agent, an agent program whose sessions are known."""

import strawberry

from schema.session_source import SessionSource


@strawberry.type(description="An agent program.")
class Agent:
    source: SessionSource = strawberry.field(description="Which.")
    name: str = strawberry.field(description="Its name for people.")
    can_import: bool = strawberry.field(description="Whether its sessions can be imported.")
    can_hand_off: bool = strawberry.field(description="Whether a session can be handed over to it.")
    tried_version: str | None = strawberry.field(
        description="The newest version whose files were tried; null when none was."
    )
