"""Forward references, for types that refer to each other."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from schema.content_block import ToolResultBlock
    from schema.message import Message
    from schema.resume_task import ResumeTask
    from schema.search import SearchConnection
    from schema.session import Session, SessionConnection

LazyResumeTask: TypeAlias = Annotated["ResumeTask", strawberry.lazy("schema.resume_task")]
LazySession: TypeAlias = Annotated["Session", strawberry.lazy("schema.session")]
LazyMessage: TypeAlias = Annotated["Message", strawberry.lazy("schema.message")]
LazyToolResultBlock: TypeAlias = Annotated["ToolResultBlock", strawberry.lazy("schema.content_block")]
LazySessionConnection: TypeAlias = Annotated["SessionConnection", strawberry.lazy("schema.session")]
LazySearchConnection: TypeAlias = Annotated["SearchConnection", strawberry.lazy("schema.search")]
