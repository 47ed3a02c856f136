"""The playground in a browser, on `reprise serve --samples`."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import browser
from tests.support.clients import ROOT, samples

# A visit in a browser takes seconds. tests/server/pages/ tests how the page is served, test_tabs.py what its tabs ask.
pytestmark = pytest.mark.slow
TABS = [
    *("ListSessions", "FilterSessions", "Search", "ReadSession", "ResumeSession", "FollowResume", "ReadThread"),
    *("FollowChanges", "RenameSession", "DeleteSession"),
]
TOKEN = "sesame-1"


seen_by = functools.partial(browser.seen_by, Path(__file__).parent)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that seeds in small batches: progress has many steps."""
    with samples(tmp_path_factory.mktemp("playground") / "samples", seed_batch=15) as server:
        yield server.url


@pytest.fixture(scope="module")
def toured(url: str) -> dict[str, Any]:
    """All tabs run, one after another; what is to be seen at the end of the resume goes to build/playground.png."""
    picture = ROOT / "build" / "playground.png"
    picture.parent.mkdir(exist_ok=True)
    return seen_by("tabs", url, picture=picture)


@pytest.fixture(scope="module")
def returned(url: str) -> dict[str, Any]:
    """A visit on a dark system, in a browser that keeps what no version of the page would store now."""
    tab = {"id": "1", "title": "old", "query": "{ old }", "variables": "{", "headers": "{", "operationName": None}
    stored = {
        "reprise-2:graphiql:tabState": json.dumps({"tabs": [tab, {"id": 2}], "activeTabIndex": 7}),
        "reprise-2:graphiql:visiblePlugin": "gone",
        "reprise-2:graphiql:theme": "gone",
        # Of another GraphiQL that was served at this address.
        "graphiql:tabState": json.dumps({"tabs": [{**tab, "response": None}], "activeTabIndex": 0}),
        "graphiql:headers": "{",
    }
    return seen_by("open", url, colorScheme="dark", stored=stored)


@pytest.fixture(scope="module")
def phone(url: str) -> dict[str, Any]:
    """A visit with a narrow window, a picture of which goes to build/playground-narrow.png."""
    picture = ROOT / "build" / "playground-narrow.png"
    picture.parent.mkdir(exist_ok=True)
    return seen_by("narrow", url, picture=picture)


def test_the_page_opens_with_tabs_whose_operations_succeed(toured: dict[str, Any]) -> None:
    assert toured["names"] == TABS
    assert [answer for answer in toured["answers"].values() if "errors" in answer] == []


def test_the_first_tab_lists_sessions(toured: dict[str, Any]) -> None:
    sessions = toured["answers"]["ListSessions"]["data"]["sessions"]

    assert len(sessions["nodes"]) == 10
    assert sessions["totalCount"] == 18


def test_the_filter_tab_narrows_and_orders_sessions(toured: dict[str, Any]) -> None:
    sessions = toured["answers"]["FilterSessions"]["data"]["sessions"]
    titles = [session["title"] for session in sessions["nodes"]]

    assert sessions["totalCount"] == len(titles) == 3
    assert titles == sorted(titles)
    assert {session["source"] for session in sessions["nodes"]} == {"CODEWHALE"}


def test_the_tabs_rename_and_delete_a_session(toured: dict[str, Any]) -> None:
    renamed = toured["answers"]["RenameSession"]["data"]["updateSession"]
    deleted = toured["answers"]["DeleteSession"]["data"]["deleteSession"]

    assert renamed["userErrors"] == deleted["userErrors"] == []
    assert renamed["session"] == {"id": deleted["deletedSessionId"], "title": "Nothing asked yet", "isArchived": False}


def test_the_search_tab_finds_a_message(toured: dict[str, Any]) -> None:
    search = toured["answers"]["Search"]["data"]["search"]

    assert search["totalCount"] == len(search["nodes"]) == 1


def test_the_session_tab_reads_tool_calls_and_their_results(toured: dict[str, Any]) -> None:
    messages = toured["answers"]["ReadSession"]["data"]["session"]["messages"]["nodes"]
    kinds = {block["__typename"] for message in messages for block in message["content"]}

    assert {"TextBlock", "ToolUseBlock", "ToolResultBlock"} <= kinds


def test_the_progress_of_a_resume_is_shown_until_it_is_ready(toured: dict[str, Any]) -> None:
    percents = [percent for _, percent in toured["moved"]]
    under_way = {percent for state, percent in toured["moved"] if state == "SEEDING"}

    assert toured["answers"]["ResumeSession"]["data"]["resumeSession"]["messageCount"] == 2400
    assert len(under_way) >= 2
    assert percents == sorted(percents)
    assert toured["moved"][-1] == ["READY", 100]


def test_the_id_of_a_resumed_thread_is_filled_into_the_other_tabs(toured: dict[str, Any]) -> None:
    assert toured["answers"]["ReadThread"]["data"]["thread"]["turns"]["totalCount"] > 100


def test_the_bar_follows_the_newest_attempt_over_reloads_and_outages(tmp_path: Path) -> None:
    with samples(tmp_path / "samples", seed=False) as server:
        seen = seen_by("attempts", server.url, expected=("ERR_CONNECTION_REFUSED",))

    assert seen["attempts"] >= 2
    assert "[object" not in seen["text"]
    assert seen["count"] == "0 of 1,877 items, attempt 3"
    assert seen["bars"] == 0


def test_the_page_is_usable_on_a_phone(phone: dict[str, Any]) -> None:
    boxes = phone["boxes"]

    assert phone["width"] <= 390
    for box in boxes.values():
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        assert box["y"] + box["height"] <= 844
    for name in ("editor", "response", "documentation", "again"):
        assert boxes[name]["width"] >= 330, name
        assert boxes[name]["height"] >= 150, name


def test_documentation_and_explorer_show_the_schema(phone: dict[str, Any]) -> None:
    assert {"session", "sessions", "search", "resumeTasks"} <= set(phone["explorer"].split())


def test_the_page_follows_the_color_scheme_of_the_system(toured: dict[str, Any], returned: dict[str, Any]) -> None:
    assert min(toured["background"]) > 200
    assert max(returned["background"]) < 100


def test_the_page_opens_with_storage_of_other_versions(returned: dict[str, Any]) -> None:
    assert returned["title"] == "Reprise"
    assert returned["names"] == TABS
    assert len(returned["answer"]["data"]["sessions"]["nodes"]) == 10


def test_a_server_without_a_token_has_no_field_for_it(returned: dict[str, Any]) -> None:
    assert returned["tokenButtons"] == 0


def test_the_page_asks_for_the_token_and_stores_it_for_the_browser_session(tmp_path: Path) -> None:
    with samples(tmp_path / "samples", token=TOKEN) as server:
        seen = seen_by("token", server.url, expected=("401",), token=TOKEN)

    assert "requires a token" in seen["texts"][0]
    assert "refused" in seen["texts"][1]
    assert seen["type"] == "password"
    assert len(seen["answer"]["data"]["sessions"]["nodes"]) == 10
    assert seen["again"] == seen["answer"]
    assert not seen["isAskedAgain"]
    assert TOKEN not in json.dumps(seen["kept"])
