"""Forward references, for types that refer to each other."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

if TYPE_CHECKING:
    from schema.resume_task import ResumeTask
    from schema.session import Session

LazyResumeTask: TypeAlias = Annotated["ResumeTask", strawberry.lazy("schema.resume_task")]
LazySession: TypeAlias = Annotated["Session", strawberry.lazy("schema.session")]
