"""The reader in a browser, on `reprise serve --samples`."""

import asyncio
import functools
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest

from storage.database.database import Database
from storage.transcripts.import_recorder import recording
from tests.support import browser
from tests.support.browser import until
from tests.support.claude_code import Lines, text
from tests.support.clients import ROOT, samples

# A visit in a browser takes seconds. tests/server/pages/ tests how the page is served, test_bundle.py what it loads.
pytestmark = pytest.mark.slow
TOKEN = "sesame-1"
HOSTILE = "<img src=x onerror='window.hostile=1'>"

seen_by = functools.partial(browser.seen_by, Path(__file__).parent)


@pytest.fixture(scope="module")
def pictures() -> Path:
    """The folder of the screenshots."""
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with samples(tmp_path_factory.mktemp("reader") / "samples") as server:
        yield server.url.removesuffix("graphql")


@pytest.fixture(scope="module")
def listed(url: str, pictures: Path) -> dict[str, Any]:
    return seen_by("list", url, pictures=pictures)


def test_the_first_page_takes_three_requests(listed: dict[str, Any]) -> None:
    assert listed["asked"] == 3


def test_the_first_page_shows_sessions_by_their_whole_titles_and_counts_them_once(listed: dict[str, Any]) -> None:
    assert listed["heading"] == "17 sessions"
    assert listed["titles"][0] == "Marathon: one year of maintenance in one session"
    assert "Look at the open dependency updates and tell me which are safe to merge today." in listed["titles"]
    assert listed["title"] == "Reprise"


def test_the_first_page_has_a_chart_of_the_last_year(listed: dict[str, Any]) -> None:
    assert listed["weeks"] > 0


def test_a_switch_hides_sessions_in_which_nobody_talked_with_the_agent(listed: dict[str, Any]) -> None:
    assert listed["hidden"] == "1 hidden"
    assert listed["withRuns"] == "18 sessions"


def test_menus_follow_the_choices_in_others(listed: dict[str, Any]) -> None:
    agents, *others = listed["menus"]
    narrowed_agents, *narrowed_others = listed["narrowed"]["menus"]

    assert listed["narrowed"]["heading"] == "7 sessions"
    assert "agent=ZAGENS" in listed["narrowed"]["address"]
    # Another agent can be chosen too.
    assert narrowed_agents == agents
    assert len(narrowed_others) == len(others)
    assert all(before != after for before, after in zip(others, narrowed_others, strict=True))


def test_a_person_organizes_sessions(url: str, pictures: Path, listed: dict[str, Any]) -> None:
    seen = seen_by("organize", url, pictures=pictures)

    assert seen["total"] == listed["heading"]
    assert seen["withoutArchived"] == "16 sessions"
    assert seen["isStarred"]
    assert seen["tags"] == ["release"]
    assert not set(seen["deleted"]) & set(seen["titles"])
    assert seen["violations"] == []


def test_search_finds_while_it_is_typed(url: str, pictures: Path) -> None:
    seen = seen_by("search", url, pictures=pictures, query="ledger")

    found = len(seen["sessions"])
    assert found > 0
    assert seen["heading"] == f"Found in {found} session{'s' * (found != 1)}"
    assert {mark.lower() for mark in seen["marks"]} == {"ledger"}
    assert seen["violations"] == seen["violationsOfPalette"] == []


def test_results_of_a_search_are_refreshed_and_lead_to_all_hits_of_a_session(url: str) -> None:
    document = json.loads((ROOT / "storage/samples/codewhale/pagination-refactor.json").read_text(encoding="utf-8"))
    document["metadata"] |= {"id": "6d1b8e3f-2c94-4a75-b0f6-93e7a5c8d214", "title": "The ledger of the almanac"}

    seen = seen_by("found", url, document=document, query="ledger")

    assert seen["title"] not in seen["before"]
    assert sorted(seen["after"]) == sorted([*seen["before"], seen["title"]])
    # Neither the focus nor what is in sight moves.
    assert seen["places"] == [seen["places"][0]] * 3
    assert seen["field"] == "ledger"
    assert seen["address"].endswith("?q=ledger")
    assert seen["inSession"] == min(seen["hits"], 200) > 3


def test_changes_of_others_show_at_once_and_titles_stay_text(url: str) -> None:
    document = json.loads((ROOT / "storage/samples/codewhale/weekly-dependency-look.json").read_text(encoding="utf-8"))
    newest = {
        "id": "0a8f7c52-1d3e-4b60-8c21-5f7e9d0b4a63",
        "title": HOSTILE,
        "updated_at": datetime.now(UTC).isoformat(),
    }
    document["metadata"].update(newest)

    # A run of two prompts.
    lines = Lines("2e9b4c10-7a5d-4f13-9c86-0d1e2f3a4b5c")
    for prompt in ("Lint.", "Test."):
        lines.user(prompt, entrypoint="sdk-cli")
        lines.assistant(text("Done."))

    seen = seen_by("live", url, document=document, run="".join(f"{json.dumps(one)}\n" for one in lines.lines))

    assert seen["title"] == HOSTILE
    assert (seen["automated"]["isAutomated"], seen["automated"]["promptCount"]) == (True, 2)
    assert seen["automated"]["hidden"] == ["1 hidden", "2 hidden"]
    assert int(seen["after"].split()[0]) == int(seen["before"].split()[0]) + 1
    assert seen["hostile"] is None


def test_an_import_of_another_process_is_a_bar_until_it_ends(tmp_path: Path, pictures: Path) -> None:
    go, end = tmp_path / "go", tmp_path / "end"

    async def run_import() -> None:
        async with (
            Database(f"sqlite:///{tmp_path / 'reprise.sqlite'}") as database,
            recording(database, 4, 40_000_000) as recorder,
        ):
            recorder.begin("CLAUDE_CODE")
            recorder.advance(1, 4_000_000)
            await asyncio.to_thread(until, go.exists)
            recorder.advance(1, 16_000_000)
            await asyncio.to_thread(until, end.exists)

    with samples(tmp_path) as server, ThreadPoolExecutor() as executor:
        importing = executor.submit(asyncio.run, run_import())
        until(lambda: httpx2.post(server.url, json={"query": "{ imports { id } }"}).json()["data"]["imports"])
        try:
            url = server.url.removesuffix("graphql")
            seen = seen_by("importing", url, pictures=pictures, go=go, end=end)
        finally:
            go.touch()
            end.touch()
        importing.result()

    assert seen["texts"][0].startswith("Importing Claude Code\n1 of 4 files, 4 of 40 MB, ")
    assert seen["texts"][1].startswith("Importing Claude Code\n2 of 4 files, 20 of 40 MB, ")
    assert seen["violations"] == []


def test_a_list_follows_the_changes_again_after_the_database_was_restored(tmp_path: Path) -> None:
    go, end = tmp_path / "go", tmp_path / "end"

    def lose_changes() -> None:
        until(go.exists)
        with closing(sqlite3.connect(tmp_path / "reprise.sqlite", timeout=10)) as connection, connection:
            connection.execute("UPDATE change_counter SET last = 1")
        end.touch()

    with samples(tmp_path) as server, ThreadPoolExecutor() as executor:
        losing = executor.submit(lose_changes)
        page = httpx2.post(server.url, json={"query": "{ sessions(first: 1) { nodes { id } } }"}).json()["data"]
        url, session_id = server.url.removesuffix("graphql"), page["sessions"]["nodes"][0]["id"]
        try:
            seen = seen_by("restored", url, go=go, end=end, sessionId=session_id)
        finally:
            go.touch()
        losing.result()

    assert seen["titles"] > 0


def test_a_phone_shows_the_page_in_its_width(url: str, pictures: Path) -> None:
    seen = seen_by("phone", url, pictures=pictures)

    assert seen["width"] == 320
    assert seen["violations"] == []


def test_the_list_breaks_no_rule_of_accessibility(listed: dict[str, Any]) -> None:
    assert listed["violations"] == []


def test_the_reader_asks_for_the_token_and_stores_it_for_the_browser_session(tmp_path: Path) -> None:
    with samples(tmp_path / "samples", token=TOKEN) as server:
        seen = seen_by("token", server.url.removesuffix("graphql"), expected=("401",), token=TOKEN)

    assert "requires a token" in seen["texts"][0]
    assert seen["type"] == "password"
    assert not seen["isAskedAgain"]
    assert TOKEN not in json.dumps(seen["kept"])
