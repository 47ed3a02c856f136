"""The metadata of all tables."""

from sqlmodel import SQLModel

from storage.database.tables import (  # noqa: F401 - importing a module defines its tables
    change,
    import_run,
    message,
    resume_task,
    search_segment,
    session,
    thread,
    transcript,
)

metadata = SQLModel.metadata
