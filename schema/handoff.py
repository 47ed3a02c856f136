"""Handoff, a session in the form that an agent can continue, with HandoffFile, HandoffLoss and HandoffLossCode."""

from enum import Enum

import strawberry

from schema.session_source import SessionSource


@strawberry.enum(description="Kinds of loss in a handoff. More may be added.")
class HandoffLossCode(Enum):
    REASONING = strawberry.enum_value("REASONING", description="Reasoning that only its own provider can read.")
    UNANSWERED_CALL = strawberry.enum_value(
        "UNANSWERED_CALL", description="A call whose answer was never saved is given one that says so."
    )
    IMAGE = strawberry.enum_value("IMAGE", description="A picture.")
    OTHER_BLOCK = strawberry.enum_value(
        "OTHER_BLOCK", description="A block of a kind that the other agent does not have."
    )
    BRANCH = strawberry.enum_value("BRANCH", description="Branches that were left.")
    COMPACTION = strawberry.enum_value(
        "COMPACTION", description="Messages that a compaction replaced, or the summary that replaced them."
    )
    INJECTED_TEXT = strawberry.enum_value(
        "INJECTED_TEXT", description="Text that the agent's program put in: the other program puts in its own."
    )
    SYSTEM_TEXT = strawberry.enum_value(
        "SYSTEM_TEXT", description="A message of the system, carried under the user's role."
    )
    ORPHAN_RESULT = strawberry.enum_value(
        "ORPHAN_RESULT", description="An answer whose call was never saved, carried as text."
    )
    TOOL_NAME = strawberry.enum_value(
        "TOOL_NAME", description="A tool's name with characters that models' interfaces refuse."
    )
    TOOL_INPUT = strawberry.enum_value(
        "TOOL_INPUT", description="Arguments of a call that are no JSON object, put into one."
    )
    ADDED_TEXT = strawberry.enum_value(
        "ADDED_TEXT", description="A text that was added, since the other agent needs one there."
    )
    TITLE = strawberry.enum_value("TITLE", description="The title.")


@strawberry.type(description="A file of a handoff.")
class HandoffFile:
    path: str = strawberry.field(description="Relative to the agent's home, with forward slashes.")
    content: str = strawberry.field(description="What is in it.")


@strawberry.type(description="Something that a handoff changes.")
class HandoffLoss:
    code: HandoffLossCode = strawberry.field(description="Which kind.")
    count: int = strawberry.field(description="How many times.")
    message: str = strawberry.field(description="For people.")


@strawberry.type(description="A session in the form that an agent program can go on from.")
class Handoff:
    to: SessionSource = strawberry.field(description="The agent.")
    session_id: strawberry.ID = strawberry.field(
        description="The id that the agent will know it by; new unless the session goes back to its own agent."
    )
    files: list[HandoffFile] = strawberry.field(description="What to put where; paths are below the agent's home.")
    commands: list[list[str]] = strawberry.field(
        description="Commands that make the agent go on, first to last, each as its words."
    )
    losses: list[HandoffLoss] = strawberry.field(
        description="What could not be carried over in kind, and how it is carried instead."
    )
