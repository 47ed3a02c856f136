"""Query, the root type of queries."""

from typing import Annotated, TypeAlias

import strawberry

import resolvers.activity
import resolvers.agent
import resolvers.import_run
import resolvers.node
import resolvers.resume_task
import resolvers.search
import resolvers.session
import resolvers.session_facets
import resolvers.session_search
import resolvers.thread
from schema.activity import ActivityInterval, ActivityPoint
from schema.agent import Agent
from schema.arguments import After, Before, First, Last, ThreadId, given, names
from schema.field import Info, field
from schema.import_run import ImportRun
from schema.node import Node
from schema.resume_task import ResumeState, ResumeTask, ResumeTaskConnection
from schema.search import SearchConnection, SearchOrder, SearchScope
from schema.session import Session, SessionConnection
from schema.session_facets import SessionFacets
from schema.session_filter import DateTimeRange, SessionFilter
from schema.session_hit import SessionHitConnection
from schema.session_order import NEWEST_FIRST, SessionOrder
from schema.thread import Thread, ThreadConnection

EVERYWHERE = [SearchScope.TITLE, SearchScope.MESSAGE]
SearchFilter: TypeAlias = Annotated[
    SessionFilter | None, strawberry.argument(description="Narrow the sessions that are searched.")
]
Scopes: TypeAlias = Annotated[list[SearchScope], strawberry.argument(description="Where to look.")]


@strawberry.type(description="Entry points for reading.")
class Query:
    @field(Session | None, "One saved session; null when there is none with that id.", is_cacheable=True)
    def session(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The session's id.")],
    ) -> object:
        return resolvers.session.session(info.context, id)

    @field(Node | None, "Any object by its id; null when there is none.")
    def node(self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id.")]) -> object:
        return resolvers.node.node(info.context, id)

    @field(list[Node | None], "Several objects by their ids, in the order asked for; at most 100.")
    def nodes(
        self, info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="The ids.")]
    ) -> object:
        return resolvers.node.nodes(info.context, ids)

    @field(
        SessionConnection | None, "Saved sessions, newest activity first unless ordered otherwise.", is_cacheable=True
    )
    def sessions(
        self,
        info: Info,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        filter: Annotated[
            SessionFilter | None,
            strawberry.argument(description="Which sessions to count in. Omitted: every session not archived."),
        ] = strawberry.UNSET,
        order_by: Annotated[
            SessionOrder, strawberry.argument(description="The order of the whole list.")
        ] = NEWEST_FIRST,
    ) -> object:
        return resolvers.session.sessions(
            info.context,
            first=given(first),
            after=given(after),
            last=given(last),
            before=given(before),
            filter=filter.to_resolvers() if filter else None,
            order_by=(order_by.field.name, order_by.direction.name),
        )

    @field(
        SearchConnection | None,
        "Full-text search over session titles and everything said in them, tool calls and their results included.",
        is_cacheable=True,
    )
    def search(
        self,
        info: Info,
        query: Annotated[
            str,
            strawberry.argument(
                description="Words to look for; all must match. Quotes keep words together; "
                "a trailing `*` matches a prefix."
            ),
        ],
        first: Annotated[int, strawberry.argument(description="How many hits, held within 1 to 500.")] = 20,
        after: After = strawberry.UNSET,
        filter: SearchFilter = strawberry.UNSET,
        order_by: Annotated[
            SearchOrder, strawberry.argument(description="The order of the hits.")
        ] = SearchOrder.RELEVANCE,
        scopes: Scopes = EVERYWHERE,
    ) -> object:
        return resolvers.search.search(
            info.context,
            query=query,
            first=first,
            after=given(after),
            filter=filter.to_resolvers() if filter else None,
            order_by=order_by.name,
            scopes=[scope.name for scope in scopes],
        )

    @field(
        SessionHitConnection | None,
        "Full-text search, one entry a session, each with its best hits.",
        is_cacheable=True,
    )
    def search_sessions(
        self,
        info: Info,
        query: Annotated[str, strawberry.argument(description="As for `search`.")],
        first: Annotated[int, strawberry.argument(description="How many sessions, held within 1 to 100.")] = 20,
        after: After = strawberry.UNSET,
        filter: SearchFilter = strawberry.UNSET,
        order_by: Annotated[
            SearchOrder, strawberry.argument(description="The order of the sessions.")
        ] = SearchOrder.RELEVANCE,
        scopes: Scopes = EVERYWHERE,
    ) -> object:
        return resolvers.session_search.search_sessions(
            info.context,
            query=query,
            first=first,
            after=given(after),
            filter=filter.to_resolvers() if filter else None,
            order_by=order_by.name,
            scopes=[scope.name for scope in scopes],
        )

    @field(SessionFacets, "How many sessions have each value, for menus and counts.", is_cacheable=True)
    def session_facets(
        self,
        info: Info,
        filter: Annotated[
            SessionFilter | None, strawberry.argument(description="Which sessions to count in.")
        ] = strawberry.UNSET,
        query: Annotated[
            str | None, strawberry.argument(description="Only sessions in which this is found.")
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.session_facets.session_facets(
            info.context, filter.to_resolvers() if filter else None, given(query)
        )

    @field(
        list[ActivityPoint], "What went on over time: one entry an interval, empty ones included.", is_cacheable=True
    )
    def activity(
        self,
        info: Info,
        span: Annotated[
            DateTimeRange,
            strawberry.argument(description="The span, cut to whole intervals; at most 1,000 of them."),
        ],
        filter: Annotated[
            SessionFilter | None, strawberry.argument(description="Which sessions to count in.")
        ] = strawberry.UNSET,
        interval: Annotated[
            ActivityInterval, strawberry.argument(description="How long an interval is.")
        ] = ActivityInterval.DAY,
        time_zone: Annotated[
            str, strawberry.argument(description="Where days begin: a name of the IANA time zone database.")
        ] = "UTC",
    ) -> object:
        return resolvers.activity.activity(
            info.context,
            filter=filter.to_resolvers() if filter else None,
            span=span.span(),
            interval=interval.name,
            time_zone_name=time_zone,
        )

    @field(
        list[ImportRun],
        "Imports that have been running for more than a second, in any process on the database; longest first.",
    )
    def imports(self, info: Info) -> object:
        return resolvers.import_run.imports(info.context)

    @field(Thread | None, "One runtime thread; null when there is none with that id.")
    def thread(self, info: Info, id: ThreadId) -> object:
        return resolvers.thread.thread(info.context, id)

    @field(ThreadConnection | None, "Runtime threads, newest first.")
    def threads(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many from the start, held within 1 to 500.")] = 50,
        after: After = strawberry.UNSET,
        session_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only threads seeded from this session.")
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.thread.threads(info.context, first=first, after=given(after), session_id=given(session_id))

    @field(ResumeTask | None, "The resume task of a thread; null when the thread was never seeded from a session.")
    def resume_task(self, info: Info, thread_id: ThreadId) -> object:
        return resolvers.resume_task.resume_task(info.context, thread_id)

    @field(ResumeTaskConnection | None, "Resume tasks, newest first.")
    def resume_tasks(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="How many from the start, held within 1 to 500.")] = 50,
        after: After = strawberry.UNSET,
        states: Annotated[
            list[ResumeState] | None, strawberry.argument(description="Only tasks in these states.")
        ] = strawberry.UNSET,
        session_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only tasks that resume this session.")
        ] = strawberry.UNSET,
    ) -> object:
        return resolvers.resume_task.resume_tasks(
            info.context, first=first, after=given(after), states=names(states), session_id=given(session_id)
        )

    @field(
        list[Agent],
        "The agents whose sessions can be imported here, and those that a session can be handed over to.",
    )
    def agents(self) -> object:
        return resolvers.agent.agents()
