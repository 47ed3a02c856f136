"""SessionFilter, the input that narrows lists of sessions, with ArchivedFilter and DateTimeRange."""

from datetime import datetime
from enum import Enum

import strawberry

import resolvers.session
from schema.arguments import names
from schema.session import SessionKind
from schema.session_source import SessionSource


@strawberry.enum(description="Which side of the archive to list.")
class ArchivedFilter(Enum):
    ACTIVE = strawberry.enum_value("ACTIVE", description="Only sessions not archived.")
    ARCHIVED = strawberry.enum_value("ARCHIVED", description="Only archived sessions.")
    ANY = strawberry.enum_value("ANY", description="Both.")


@strawberry.input(description="A half-open span of time.")
class DateTimeRange:
    from_: datetime | None = strawberry.field(name="from", description="At or after.")
    until: datetime | None = strawberry.field(description="Before.")

    def span(self) -> resolvers.session.Span:
        return resolvers.session.Span(start=self.from_, until=self.until)


@strawberry.input(description="Which sessions to count in. Fields narrow together; an omitted field does not narrow.")
class SessionFilter:
    archived: ArchivedFilter | None = strawberry.field(
        default=ArchivedFilter.ACTIVE, description="Archived or not; null as omitted."
    )
    title_contains: str | None = strawberry.field(description="Title contains this, ignoring case in any script.")
    workspaces: list[str] | None = strawberry.field(description="Any of these directories, in any of their spellings.")
    workspace_within: str | None = strawberry.field(description="This directory, or one below it.")
    models: list[str] | None = strawberry.field(description="Any of these models.")
    sources: list[SessionSource] | None = strawberry.field(description="Any of these agents.")
    created_at: DateTimeRange | None = strawberry.field(description="Created in this span.")
    updated_at: DateTimeRange | None = strawberry.field(description="Last changed in this span.")
    saved_at: DateTimeRange | None = strawberry.field(description="Last changed here in this span.")
    kinds: list[SessionKind] | None = strawberry.field(
        description="Any of these kinds; omitted: every kind but subagents."
    )
    is_starred: bool | None = strawberry.field(description="Only those a person marked, or only the others.")
    is_automated: bool | None = strawberry.field(description="Only runs that a program started, or only the others.")
    tags: list[str] | None = strawberry.field(description="All of these tags.")
    modes: list[str] | None = strawberry.field(description="Any of these modes.")
    min_prompts: int | None = strawberry.field(description="At least so many prompts: most runs of scripts have one.")

    def to_resolvers(self) -> resolvers.session.SessionFilter:
        return resolvers.session.SessionFilter(
            archived=(self.archived or ArchivedFilter.ACTIVE).name,
            title_contains=self.title_contains,
            workspaces=self.workspaces,
            workspace_within=self.workspace_within,
            models=self.models,
            sources=names(self.sources),
            created_at=self.created_at.span() if self.created_at else None,
            updated_at=self.updated_at.span() if self.updated_at else None,
            saved_at=self.saved_at.span() if self.saved_at else None,
            kinds=names(self.kinds),
            is_starred=self.is_starred,
            is_automated=self.is_automated,
            tags=self.tags,
            modes=self.modes,
            min_prompts=self.min_prompts,
        )
