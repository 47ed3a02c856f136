"""`reprise handoff` and `reprise restore`."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from server.commands.agent_choice import AgentChoice
from server.commands.environment import plain_failures, run_on_stored, say
from server.commands.session_ids import whole_id
from server.observability.terminal import printable
from storage.database.database import Database
from storage.errors import StorageError
from storage.handoff.archived_files import ArchivedFiles, archived_files, held_by_opencode
from storage.handoff.copy_check import check_copy
from storage.handoff.handoff import Handoff, hand_over
from storage.handoff.homes import home_of
from storage.handoff.new_files import FileExists, copy_new, is_taken, place_of, write_new
from storage.handoff.targets import TARGETS

_home_option = click.option(
    "--home", type=click.Path(path_type=Path), help="The agent's home, where it is not the usual one."
)


@click.command("handoff")
@click.argument("id")
@click.option("--to", type=AgentChoice(list(TARGETS)), required=True, help="The agent that continues the session.")
@click.option("--workspace", help="The directory to continue in; the session's own when omitted.")
@click.option("--write", is_flag=True, help="Write the files. Without it, nothing is written.")
@click.option("--run", "runs", is_flag=True, help="Write the files and start the agent in the directory.")
@_home_option
def handoff_command(id: str, to: str, workspace: str | None, write: bool, runs: bool, home: Path | None) -> None:
    """Hand a session over: print the files from which another agent continues, what they change, and the command."""
    directory = None if workspace is None else str(Path(workspace).absolute())
    place = home or home_of(to, os.environ, Path.home())
    commands, directory = run_on_stored(_hand_over, id, to, directory, place, write or runs)
    if runs:
        with plain_failures():
            _run(commands, directory)


@click.command("restore")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@_home_option
def restore_command(ids: tuple[str, ...], home: Path | None) -> None:
    """Write the files of sessions back to where their agents had them, unless they are there."""
    sys.exit(1 if run_on_stored(_restore_all, ids, home) else 0)


async def _hand_over(
    database: Database, id: str, to: str, workspace: str | None, home: Path, writes: bool
) -> tuple[list[list[str]], str]:
    session_id = await whole_id(database, id)
    own = await archived_files(database, session_id, lambda source: home if source == to else None)
    if own is None:
        raise click.ClickException(printable(f"{session_id}: no such session"))
    if own.source == to:
        return await _give_back(own, home, held_by_opencode(own, home), writes), workspace or own.workspace
    handoff = await hand_over(database, session_id, to, workspace, home=home)
    if handoff is None:
        raise click.ClickException(printable(f"{session_id}: no such session"))
    if writes:
        write_copy(handoff, home)
    for file in handoff.files:
        size = len(file.content.encode())
        say(f"{'wrote' if writes else 'would write'} {place_of(home, file.path)}, {size:,} bytes")
    for loss in handoff.losses:
        say(f"{loss.count} x {loss.code}: {loss.message}")
    commands = _placed(handoff.commands, to, [file.path for file in handoff.files], home)
    _say_commands(commands)
    return commands, handoff.workspace


def write_copy(handoff: Handoff, home: Path) -> None:
    """Write the files of a handoff, and check them before and after. Raises FileExists, CopyDiffers and OSError."""
    messages = handoff.prepared.messages
    check_copy(handoff.to, handoff.session_id, handoff.files, handoff.written_at, messages)
    written = []
    for file in handoff.files:
        place = place_of(home, file.path)
        write_new(place, file.content.encode())
        written.append(file._replace(content=place.read_text(encoding="utf-8")))
    check_copy(handoff.to, handoff.session_id, written, handoff.written_at, messages)


async def _give_back(own: ArchivedFiles, home: Path, held: set[str], writes: bool) -> list[list[str]]:
    """Write the files, or only say so, but those that are `held`. Returns the commands that import or resume them."""
    for file in own.files:
        if file.path in held:
            say(f"OpenCode has {Path(file.path).stem}")
            continue
        place = place_of(home, file.path)
        if is_taken(place):
            say(f"{place} is there")
            continue
        if writes:
            await copy_new(place, file.read())
        say(f"{'wrote' if writes else 'would write'} {place}, {file.size:,} bytes")
    needed = [words for words in own.commands if held.isdisjoint(words)]
    commands = _placed(needed, own.source, [file.path for file in own.files], home)
    _say_commands(commands)
    return commands


async def _restore_all(database: Database, ids: Sequence[str], home: Path | None) -> int:
    def home_for(source: str) -> Path:
        return home or home_of(source, os.environ, Path.home())

    failures = 0
    for id in ids:
        try:
            found = await archived_files(database, await whole_id(database, id), home_for)
            if found is None:
                raise click.ClickException("no such session")
            place = home_for(found.source)
            if found.files and is_taken(first := place_of(place, found.files[0].path)):
                raise FileExists(f"{first} exists.")
            held = held_by_opencode(found, place)
            if found.files and found.files[0].path in held:
                raise FileExists("OpenCode has this session: an import would bring back what was undone there since.")
            await _give_back(found, place, held, writes=True)
        except (click.ClickException, StorageError, OSError) as error:
            message = error.message if isinstance(error, click.ClickException) else str(error)
            say(f"{id}: {message}", is_error=True)
            failures += 1
    return failures


def _placed(commands: list[list[str]], source: str, paths: Sequence[str], home: Path) -> list[list[str]]:
    """The commands with the places of the files in them."""
    if source == "PI" and paths and os.environ.get("PI_CODING_AGENT_SESSION_DIR"):
        # It finds sessions by their ids in that folder only.
        commands = [[*words[:-1], paths[0]] for words in commands]
    return [[str(place_of(home, word)) if word in paths else word for word in words] for words in commands]


def _say_commands(commands: list[list[str]]) -> None:
    for words in commands:
        say(f"$ {shlex.join(words)}")


def _run(commands: list[list[str]], directory: str) -> None:
    if not Path(directory).is_dir():
        raise click.ClickException(printable(f"There is no directory {directory}: name one by --workspace."))
    if not commands:
        raise click.ClickException("The agent has no command that resumes a session.")
    for words in commands:
        program = shutil.which(words[0])
        if program is None:
            raise click.ClickException(printable(f"{words[0]} is not on the PATH."))
        status = subprocess.run([program, *words[1:]], cwd=directory, check=False).returncode
        if status:
            sys.exit(status)
