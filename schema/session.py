"""Session, a saved conversation with an agent, with SessionSource and SessionConnection."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

import resolvers.session
from schema.arguments import After, Before, First, Last, given, names
from schema.connection import Connection, Edge
from schema.field import Info, field
from schema.lazy import LazySession
from schema.message import MessageConnection, MessageRole
from schema.resume_task import ResumeTask
from schema.scalars import BigInt
from schema.thread import Thread


@strawberry.enum(description="Which agent wrote a session. More may be added.")
class SessionSource(Enum):
    ZAGENS = strawberry.enum_value("ZAGENS", description="zagens: one JSON document a session.")
    CODEWHALE = strawberry.enum_value(
        "CODEWHALE", description="CodeWhale, formerly DeepSeek-TUI: one JSON document a session."
    )
    CLAUDE_CODE = strawberry.enum_value("CLAUDE_CODE", description="Claude Code: one JSONL file a session.")
    CODEX = strawberry.enum_value("CODEX", description="Codex CLI: one JSONL rollout a session.")
    OPENCODE = strawberry.enum_value("OPENCODE", description="OpenCode.")
    GEMINI = strawberry.enum_value("GEMINI", description="Gemini CLI.")


@strawberry.type(description="A saved conversation with an agent: metadata and an ordered transcript.")
class Session:
    id: strawberry.ID = strawberry.field(description="The id that the agent which saved it gave it.")
    source: SessionSource = strawberry.field(description="Which agent wrote it.")
    title: str = strawberry.field(description="Human title; never empty.")
    workspace: str = strawberry.field(description="Directory the session was recorded against.")
    model: str = strawberry.field(description="Model that the session used last.")
    mode: str | None = strawberry.field(description="Agent mode, when the session recorded one.")
    system_prompt: str | None = strawberry.field(description="System prompt, when the session recorded one.")
    is_archived: bool = strawberry.field(description="Whether the session is hidden from default listings.")
    message_count: int = strawberry.field(description="Messages in the transcript.")
    total_tokens: BigInt = strawberry.field(description="Tokens spent over the life of the session.")
    created_at: datetime = strawberry.field(description="When it was first saved.")
    updated_at: datetime = strawberry.field(description="When it last changed.")

    @field(LazySession | None, "The session this one was forked from, when it is known here.", needs=("parent_id",))
    @staticmethod
    def parent(row: strawberry.Parent[resolvers.session.SessionRow], info: Info) -> object:
        return resolvers.session.parent(info.context, row)

    @field(Thread | None, "The runtime thread it was last resumed into.", needs=("thread_id",))
    @staticmethod
    def thread(row: strawberry.Parent[resolvers.session.SessionRow], info: Info) -> object:
        return resolvers.session.thread(info.context, row)

    @field(ResumeTask | None, "The latest attempt to resume it.", needs=("thread_id",))
    @staticmethod
    def resume_task(row: strawberry.Parent[resolvers.session.SessionRow], info: Info) -> object:
        return resolvers.session.resume_task(info.context, row)

    @field(MessageConnection, "The transcript in order.", needs=("id", "message_count"))
    @staticmethod
    def messages(
        row: strawberry.Parent[resolvers.session.SessionRow],
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        roles: Annotated[
            list[MessageRole] | None, strawberry.argument(description="Only messages by these roles.")
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.session.messages(
            info.context,
            row,
            first=given(first),
            after=given(after),
            last=given(last),
            before=given(before),
            roles=names(roles),
        )


@strawberry.type(description="A session in a page.")
class SessionEdge(Edge):
    node: Session = strawberry.field(description="The session.")


@strawberry.type(description="A page of sessions.")
class SessionConnection(Connection[SessionEdge, Session]):
    pass
