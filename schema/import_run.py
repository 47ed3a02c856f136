"""ImportRun, an import of agents' files that is running."""

from datetime import datetime

import strawberry

from schema.scalars import BigInt
from schema.session_source import SessionSource


@strawberry.type(description="An import of files that is running: `reprise import`, or a server that watches folders.")
class ImportRun:
    id: strawberry.ID = strawberry.field(description="The id.")
    source: SessionSource | None = strawberry.field(
        description="The agent whose files are read at the moment; null for session documents."
    )
    files_done: int = strawberry.field(description="Files that are imported, unchanged or refused by now.")
    files_total: int = strawberry.field(description="Files that are to be read.")
    bytes_done: BigInt = strawberry.field(description="Bytes of those that are done.")
    bytes_total: BigInt = strawberry.field(description="Bytes of all.")
    bytes_per_second: float | None = strawberry.field(
        description="The mean rate since the import began; null before anything is done."
    )
    seconds_left: int | None = strawberry.field(
        description="How long the rest is likely to take; null before anything is done."
    )
    started_at: datetime = strawberry.field(description="When it began.")
    updated_at: datetime = strawberry.field(description="When these numbers were counted.")
