"""Input, outcome and payload of the mutation `importSession`."""

from enum import Enum

import strawberry

from schema.payload import Payload
from schema.scalars import JSON
from schema.session import Session
from schema.session_source import SessionSource


@strawberry.input(description="What to save.")
class ImportSessionInput:
    source: SessionSource | None = strawberry.field(
        description="The agent that wrote it; told from the document when omitted."
    )
    document: JSON | None = strawberry.field(
        default=strawberry.UNSET,
        description="The document: a JSON object, or for an agent that writes JSONL the list of its lines' objects.",
    )
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The file's text, as its agent wrote it: exact where JSON numbers are not.",
    )


@strawberry.enum(description="What an import did.")
class ImportOutcome(Enum):
    CREATED = strawberry.enum_value("CREATED", description="The session was not known before.")
    UPDATED = strawberry.enum_value("UPDATED", description="The session was known and has changed.")
    UNCHANGED = strawberry.enum_value("UNCHANGED", description="The session was known in just this form.")
    OUTDATED = strawberry.enum_value(
        "OUTDATED",
        description="What came has fewer messages or an older clock than what is here, which stays.",
    )


@strawberry.type(description="The outcome of `importSession`.")
class ImportSessionPayload(Payload):
    session: Session | None = strawberry.field(description="The session as saved; null when `userErrors` is not empty.")
    outcome: ImportOutcome | None = strawberry.field(description="What the import did.")
