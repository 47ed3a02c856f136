"""Mutation, the root type of mutations."""

from typing import Annotated

import strawberry

import resolvers.resume_task
import resolvers.session
import resolvers.session_organizing
import resolvers.thread
from schema.arguments import given, name
from schema.cancel_resume import CancelResumeInput, CancelResumePayload
from schema.delete_session import DeleteSessionInput, DeleteSessionPayload
from schema.delete_sessions import DeleteSessionsInput, DeleteSessionsPayload
from schema.delete_thread import DeleteThreadInput, DeleteThreadPayload
from schema.field import Info, field
from schema.import_session import ImportSessionInput, ImportSessionPayload
from schema.resume_session import ResumeSessionInput, ResumeSessionPayload
from schema.update_session import UpdateSessionInput, UpdateSessionPayload
from schema.update_sessions import UpdateSessionsInput, UpdateSessionsPayload


@strawberry.type(
    description="Entry points for changing things. An expected failure comes back in `userErrors`, never in `errors`."
)
class Mutation:
    @field(
        ResumeSessionPayload | None,
        "Resume a session into a runtime thread. Answers at once; follow the `resumeTask` subscription.",
    )
    async def resume_session(
        self, info: Info, input: Annotated[ResumeSessionInput, strawberry.argument(description="What to resume.")]
    ) -> object:
        return await resolvers.resume_task.resume_session(
            info.context,
            session_id=input.session_id,
            model=input.model,
            mode=input.mode,
            task_type=name(input.task_type),
        )

    @field(
        CancelResumePayload | None,
        "Call a resume off. What is already written stays; does nothing to a task in a final state.",
    )
    async def cancel_resume(
        self, info: Info, input: Annotated[CancelResumeInput, strawberry.argument(description="What to call off.")]
    ) -> object:
        return await resolvers.resume_task.cancel_resume(info.context, input.thread_id)

    @field(UpdateSessionPayload | None, "Rename a session, archive it, or take it out of the archive.")
    async def update_session(
        self, info: Info, input: Annotated[UpdateSessionInput, strawberry.argument(description="What to change.")]
    ) -> object:
        return await resolvers.session_organizing.update_session(
            info.context,
            input.session_id,
            title=input.title,
            is_archived=input.is_archived,
            is_starred=input.is_starred,
            tags=input.tags,
            note=input.note,
        )

    @field(UpdateSessionsPayload | None, "Change many sessions at once: all or none.")
    async def update_sessions(
        self, info: Info, input: Annotated[UpdateSessionsInput, strawberry.argument(description="What to change.")]
    ) -> object:
        return await resolvers.session_organizing.update_sessions(
            info.context,
            input.session_ids,
            is_archived=input.is_archived,
            is_starred=input.is_starred,
            add_tags=input.add_tags,
            remove_tags=input.remove_tags,
        )

    @field(DeleteSessionPayload | None, "Delete a session and its transcript for good. Threads seeded from it stay.")
    async def delete_session(
        self, info: Info, input: Annotated[DeleteSessionInput, strawberry.argument(description="What to delete.")]
    ) -> object:
        return await resolvers.session_organizing.delete_session(
            info.context, input.session_id, delete_threads=input.delete_threads
        )

    @field(DeleteSessionsPayload | None, "Delete many sessions for good: all or none.")
    async def delete_sessions(
        self, info: Info, input: Annotated[DeleteSessionsInput, strawberry.argument(description="What to delete.")]
    ) -> object:
        return await resolvers.session_organizing.delete_sessions(
            info.context, input.session_ids, delete_threads=input.delete_threads
        )

    @field(DeleteThreadPayload | None, "Delete a thread for good, its turns and its log.")
    async def delete_thread(
        self, info: Info, input: Annotated[DeleteThreadInput, strawberry.argument(description="What to delete.")]
    ) -> object:
        return await resolvers.thread.delete_thread(info.context, input.thread_id)

    @field(
        ImportSessionPayload | None,
        "Save a session document, as its agent wrote it. The same document again changes nothing.",
    )
    async def import_session(
        self, info: Info, input: Annotated[ImportSessionInput, strawberry.argument(description="What to save.")]
    ) -> object:
        return await resolvers.session.import_session(
            info.context, name(input.source), given(input.document), given(input.text)
        )
