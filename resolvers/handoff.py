"""Resolvers of Handoff: a session for another agent, or back for its own."""

from typing import TYPE_CHECKING, NamedTuple

from resolvers.answer_budget import current_budget
from resolvers.context import Context
from resolvers.errors import BadUserInput, NotFound
from storage.errors import TooLarge
from storage.json_codec import storable_text
from storage.records.session import SessionRow

if TYPE_CHECKING:
    from storage.handoff.losses import Loss
    from storage.handoff.target import HandoffFile


class HandoffRow(NamedTuple):
    """A handoff as clients see it."""

    to: str
    session_id: str
    files: "list[HandoffFile]"
    commands: list[list[str]]
    losses: "list[Loss]"


async def handoff(context: Context, row: SessionRow, *, to: str, workspace: str | None) -> HandoffRow:
    """The session in the form of an agent. Raises BadUserInput, NotFound, Unreadable and AnswerTooLarge."""
    made = await (_back(context, row) if row.source == to else _over(context, row, to, workspace))
    if made is None:
        raise NotFound("The session was deleted a moment ago.")
    return made


async def _over(context: Context, row: SessionRow, to: str, workspace: str | None) -> HandoffRow | None:
    # Imported here, as everything that a server does not need for reading: see docs/speed.md.
    from storage.handoff.handoff import NoHandoff, hand_over

    budget = current_budget.get()
    directory = None if workspace is None else storable_text(workspace)
    readable = None if budget is None else budget.readable
    try:
        made = await hand_over(context.database, row.id, to, directory, max_characters=readable)
    except NoHandoff as error:
        raise BadUserInput(str(error)) from None
    except TooLarge:
        if budget is None:
            raise
        raise budget.exceeded() from None
    if made is None:
        return None
    _count(made.files)
    return HandoffRow(made.to, made.session_id, made.files, made.commands, made.losses)


async def _back(context: Context, row: SessionRow) -> HandoffRow | None:
    """The files as they were, with U+FFFD for what is no UTF-8."""
    from storage.handoff.archived_files import archived_files
    from storage.handoff.target import HandoffFile

    budget = current_budget.get()
    own = await archived_files(context.database, row.id)
    if own is None:
        return None
    if budget is not None and sum(file.size for file in own.files) > budget.readable:
        raise budget.exceeded()
    files = []
    for file in own.files:
        content = b"".join([piece async for piece in file.read()])
        files.append(HandoffFile(file.path, content.decode(errors="replace")))
    _count(files)
    return HandoffRow(row.source, row.id, files, own.commands, [])


def _count(files: "list[HandoffFile]") -> None:
    budget = current_budget.get()
    if budget is not None:
        budget.count_read(sum(len(file.content) for file in files))
