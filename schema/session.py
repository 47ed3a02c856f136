"""Session, a saved conversation with an agent, with SessionKind and SessionConnection."""

from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

import resolvers.handoff
import resolvers.search
import resolvers.session
from resolvers.session import TOKENS
from schema.arguments import After, Before, First, Last, given, names
from schema.connection import Connection, Edge
from schema.field import Info, field
from schema.handoff import Handoff
from schema.lazy import LazySearchConnection, LazySession, LazySessionConnection
from schema.message import MessageConnection, MessageRole
from schema.node import Node
from schema.resume_task import ResumeTask
from schema.scalars import JSON, BigInt
from schema.session_source import SessionSource
from schema.thread import Thread
from schema.token_usage import TokenUsage
from schema.tool_statistics import ToolStatistics


@strawberry.enum(description="How a session came to be.")
class SessionKind(Enum):
    MAIN = strawberry.enum_value("MAIN", description="Begun by a person or a script.")
    SUBAGENT = strawberry.enum_value("SUBAGENT", description="Begun by another session's agent for a part of its work.")
    FORK = strawberry.enum_value("FORK", description="Begun as a copy of another session.")


@strawberry.type(description="A saved conversation with an agent: metadata and an ordered transcript.")
class Session(Node):
    id: strawberry.ID = strawberry.field(description="The id that the agent which saved it gave it.")
    source: SessionSource = strawberry.field(description="Which agent wrote it.")
    title: str = strawberry.field(description="Human title; never empty.")
    workspace: str = strawberry.field(description="Directory the session was recorded against.")
    model: str = strawberry.field(description="Model that the session used last.")
    mode: str | None = strawberry.field(description="Agent mode, when the session recorded one.")
    system_prompt: str | None = strawberry.field(description="System prompt, when the session recorded one.")
    is_archived: bool = strawberry.field(description="Whether the session is hidden from default listings.")
    message_count: int = strawberry.field(description="Messages in the transcript.")
    prompt_count: int = strawberry.field(
        description="Messages in which the person asked for something: those that the program put in are left out."
    )
    is_automated: bool = strawberry.field(
        description="Whether the agent recorded that a program ran it, such as a script, and no person."
    )
    total_tokens: BigInt = strawberry.field(description="Tokens spent over the life of the session.")
    created_at: datetime = strawberry.field(description="When it was first saved.")
    updated_at: datetime = strawberry.field(description="The agent's own clock: when it last wrote to the session.")
    kind: SessionKind = strawberry.field(description="How it came to be.")
    first_prompt: str | None = strawberry.field(
        description="What the person asked first, at most 280 code points; null when nothing was asked."
    )
    agent_version: str | None = strawberry.field(
        description="Version of the agent that wrote last, when the session recorded one."
    )
    git_branch: str | None = strawberry.field(
        description="Branch of the version control system, when the session recorded one."
    )
    recorded_cost: float | None = strawberry.field(
        description="What it cost in US dollars as the agent recorded it; null when it recorded nothing."
    )
    saved_at: datetime = strawberry.field(
        description="When anything of it last changed here: imported, renamed, tagged, archived, resumed."
    )

    is_starred: bool = strawberry.field(description="Whether a person marked it.")
    tags: list[str] = strawberry.field(description="A person's words for it, in order.")
    note: str | None = strawberry.field(description="A person's note on it.")

    @field(TokenUsage, "Tokens spent, subagents left out.", needs=TOKENS, is_cacheable=True)
    @staticmethod
    def usage(row: strawberry.Parent[resolvers.session.SessionRow]) -> object:
        return resolvers.session.usage(row)

    @field(
        JSON,
        "Everything the agent recorded of the session beside its messages, as it stands in its file.",
        needs=("id",),
    )
    @staticmethod
    def metadata(row: strawberry.Parent[resolvers.session.SessionRow], info: Info) -> object:
        return resolvers.session.metadata(info.context, row)

    @field(str, "The transcript as its agent wrote it, byte for byte where that is text.", needs=("id",))
    @staticmethod
    def document(row: strawberry.Parent[resolvers.session.SessionRow], info: Info) -> object:
        return resolvers.session.document(info.context, row)

    @field(
        LazySession | None,
        "The session this one was forked from, when it is known here.",
        needs=("parent_id",),
        is_cacheable=True,
    )
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

    @field(
        LazySessionConnection | None, "Subagents' sessions and forks, oldest first.", needs=("id",), is_cacheable=True
    )
    @staticmethod
    def children(
        row: strawberry.Parent[resolvers.session.SessionRow],
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many from the start, held within 1 to 500.")] = 50,
        after: After = strawberry.UNSET,
        kinds: Annotated[
            list[SessionKind] | None, strawberry.argument(description="Only these kinds.")
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.session.children(info.context, row, first=first, after=given(after), kinds=names(kinds))

    @field(
        LazySearchConnection | None,
        "Search inside this session, in the order of the transcript.",
        needs=("id",),
        is_cacheable=True,
    )
    @staticmethod
    def search(
        row: strawberry.Parent[resolvers.session.SessionRow],
        info: Info,
        query: Annotated[str, strawberry.argument(description="As for `Query.search`.")],
        first: Annotated[int, strawberry.argument(description="How many hits, held within 1 to 500.")] = 20,
        after: After = strawberry.UNSET,
    ) -> object:
        return resolvers.search.search_in_session(info.context, row, query=query, first=first, after=given(after))

    @field(list[ToolStatistics], "Which tools were called, most often first.", needs=("id",), is_cacheable=True)
    @staticmethod
    def tools(row: strawberry.Parent[resolvers.session.SessionRow], info: Info) -> object:
        return resolvers.session.tools(info.context, row)

    @field(
        Handoff,
        "This session in the form that another agent can go on from. Nothing is written anywhere.",
        needs=("id", "source"),
    )
    @staticmethod
    def handoff(
        row: strawberry.Parent[resolvers.session.SessionRow],
        info: Info,
        to: Annotated[
            SessionSource,
            strawberry.argument(description="The agent that is to go on; its own agent gives the file as it was."),
        ],
        workspace: Annotated[
            str | None,
            strawberry.argument(description="Directory to go on in; the session's own when omitted."),
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.handoff.handoff(info.context, row, to=to.name, workspace=given(workspace))

    @field(MessageConnection | None, "The transcript in order.", needs=("id", "message_count"), is_cacheable=True)
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
        from_: Annotated[
            int | None,
            strawberry.argument(
                name="from",
                description="Start at this position: with `first` upward from it, with `last` downward before it.",
            ),
        ] = strawberry.UNSET,
        is_injected: Annotated[
            bool | None,
            strawberry.argument(
                description="Only messages that were put in by the program, or only those that were not."
            ),
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.session.messages(
            info.context,
            row,
            first=given(first),
            after=given(after),
            last=given(last),
            before=given(before),
            from_=given(from_),
            roles=names(roles),
            is_injected=given(is_injected),
        )


@strawberry.type(description="A session in a page.")
class SessionEdge(Edge):
    node: Session = strawberry.field(description="The session.")


@strawberry.type(description="A page of sessions.")
class SessionConnection(Connection[SessionEdge, Session]):
    change_seq: BigInt = strawberry.field(
        description="Where the list of changes stood when this page was read: give it to `sessionChanges` to miss "
        "nothing."
    )
