"""Whatever happens between the first line and the last, the same is stored as by one import of the whole."""

import asyncio
import itertools
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.database.database import Database
from storage.database.transaction import Transaction
from storage.doctor.doctor import examine
from storage.transcripts.rederivation import outdated_sessions, rederive
from storage.transcripts.session_derivation import derive_session
from storage.transcripts.transcript_exports import export_transcripts
from tests.support.archived import archived_bytes, small_pieces, stored_rows, take
from tests.support.databases import SqliteDatabases
from tests.support.examples import examples
from tests.support.line_format import LineFormat, line

FORMAT = LineFormat()
NEWER = LineFormat(version=2)
FORMATS = {FORMAT.source: FORMAT}

_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_calls = st.integers(0, 3).map(str)
_line = st.one_of(
    st.builds(lambda text: line(user=text), _text),
    st.builds(lambda text: line(assistant=text), _text),
    st.builds(lambda text, at: line(assistant=text, at=at), _text, st.integers(0, 10_000)),
    st.builds(lambda text: line(more=text), _text),
    st.builds(
        lambda id, name: line(assistant=[{"type": "tool_use", "id": id, "name": name, "input": {}}]),
        _calls,
        st.sampled_from("xy"),
    ),
    st.builds(
        lambda id, fails: line(tool=[{"type": "tool_result", "tool_use_id": id, "content": "y", "is_error": fails}]),
        _calls,
        st.booleans(),
    ),
    st.builds(lambda count: line(rewind=count), st.integers(0, 4)),
    st.just(b"no JSON\n"),
    st.just(b"\n"),
)


def transcript(id: str) -> st.SearchStrategy[bytes]:
    return st.lists(_line, max_size=12).map(lambda found: line(session=id) + b"".join(found))


async def snapshot(database: Database) -> tuple[Any, Any]:
    assert [finding.text async for finding in examine(database, formats=FORMATS)] == []
    return await stored_rows(database), await archived_bytes(database)


async def imported_at_once(databases: SqliteDatabases, home: Path) -> tuple[Any, Any]:
    with databases.copy() as url:
        async with Database(url) as database:
            await take(database, FORMAT, home)
            return await snapshot(database)


@examples(25)
@given(transcript("s1"), st.data())
def test_a_file_that_is_cut_anywhere_and_grows_is_stored_as_if_it_were_read_once(
    sqlite_databases: SqliteDatabases, tmp_path_factory: pytest.TempPathFactory, data: bytes, choice: st.DataObject
) -> None:
    home = tmp_path_factory.mktemp("home")
    cuts = sorted(choice.draw(st.lists(st.integers(0, len(data)), max_size=4)))

    async def run() -> None:
        with sqlite_databases.copy() as url:
            async with Database(url) as database:
                for cut in [*cuts, len(data)]:
                    (home / "a.lines").write_bytes(data[:cut])
                    await take(database, FORMAT, home)
                assert await snapshot(database) == await imported_at_once(sqlite_databases, home)
                exported = b"".join([piece async for piece in export_transcripts(database, "s1")])
                assert exported == data or not await stored_rows(database)

    with small_pieces():
        asyncio.run(run())


class Killed(Exception):
    """The process is gone."""


@contextmanager
def killed_after(commits: int) -> Iterator[None]:
    """Lets so many transactions commit, and fails every later one before its commit."""
    count = itertools.count()
    real = Database.write

    @asynccontextmanager
    async def write(self: Database) -> Any:
        async with real(self) as transaction:
            assert isinstance(transaction, Transaction)
            yield transaction
            if next(count) >= commits:
                raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "write", write)
        yield


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("grow"), st.integers(0, 2), st.integers(1, 200)),
        st.tuples(st.just("import"), st.just(0), st.just(0)),
        st.tuples(st.just("kill"), st.integers(0, 4), st.just(0)),
        st.tuples(st.just("derive"), st.just(0), st.just(0)),
    ),
    max_size=8,
)


@st.composite
def transcripts(draw: st.DrawFn) -> list[bytes]:
    """Three transcripts of one or two sessions, which may begin with the same lines."""
    common = draw(st.lists(_line, max_size=3))
    return [
        line(session=draw(st.sampled_from(["s0", "s1"])))
        + b"".join(common[: draw(st.integers(0, 3))])
        + b"".join(draw(st.lists(_line, max_size=8)))
        for _ in range(3)
    ]


@examples(25)
@given(transcripts(), _steps)
def test_any_order_of_growth_imports_kills_and_derivations_ends_the_same(
    sqlite_databases: SqliteDatabases,
    tmp_path_factory: pytest.TempPathFactory,
    files: list[bytes],
    steps: list[tuple[str, int, int]],
) -> None:
    home = tmp_path_factory.mktemp("home")
    sizes = [0, 0, 0]

    def grow(number: int, size: int) -> None:
        sizes[number] = min(len(files[number]), sizes[number] + size)
        (home / f"{number}.lines").write_bytes(files[number][: sizes[number]])

    async def run() -> None:
        with sqlite_databases.copy() as url:
            for step, number, size in steps:
                if step == "grow":
                    grow(number, size)
                    continue
                async with Database(url) as database:
                    if step == "import":
                        await take(database, FORMAT, home)
                    elif step == "kill":
                        with killed_after(number), suppress(Killed):
                            await take(database, FORMAT, home)
                    else:
                        outdated = await outdated_sessions(database, {NEWER.source: NEWER})
                        for format, (_, id) in itertools.product((NEWER, FORMAT), outdated):
                            await derive_session(database, format, id)
            for number in range(3):
                grow(number, len(files[number]))
            async with Database(url) as database:
                await take(database, FORMAT, home)
                async for _ in rederive(database, FORMATS):
                    pass
                assert await snapshot(database) == await imported_at_once(sqlite_databases, home)

    with small_pieces():
        asyncio.run(run())
