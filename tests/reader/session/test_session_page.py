"""The page of one session in a browser, on `reprise serve --samples`."""

import functools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest

from tests.support import browser
from tests.support.browser import until
from tests.support.clients import ROOT, samples
from tests.support.rollouts import THREAD, header, item, record, rollout, said

seen_by = functools.partial(browser.seen_by, Path(__file__).parent)

SESSION = "5d2c7c1e-3f4b-4a65-9a3e-6b8e0f5d9c21"
RIGHT_TO_LEFT = """# عنوان

يمكنك تشغيل `make test` الآن.

1. أولا
2. ثانيا

> اقتباس

```sh
make test --all
```

And a paragraph in English.
"""
# Of the tests of the format.
PROJECT = ROOT / "tests/storage/documents/formats/claude_code/projects/-home-dev-shop"
COMPACTED = "0ee3a9cb-03a5-440f-b154-502754eb10cc"
WITH_SUBAGENT = "cd1f8e7a-ade0-4067-9b9b-42658dcd3bdf"
# Of the samples.
MARATHON = "6a0f2d1e-58b7-4c39-9f62-1d7e03c4ab90"
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HOSTILE = f"""<script>window.hostile = 1</script>
<img src="x" onerror="window.hostile = 2"> <iframe src="javascript:parent.hostile = 3"></iframe>

[by script](javascript:window.hostile=4) [by data](data:text/html,<script>window.hostile=5</script>)
[outside](https://example.com/)

![remote](https://example.com/tracker.png)
![drawing](data:image/svg+xml;base64,PHN2Zy8+) ![pixel](data:image/png;base64,{PIXEL})

```html"onload="window.hostile=6
<svg onload="window.hostile = 7">
```

```python
def total(items):
    return sum(items)
```
"""


def line(session: str, position: int, role: str, content: object) -> str:
    """A line of a Claude Code transcript."""
    return json.dumps(
        {
            "parentUuid": None if position == 0 else str(position - 1),
            "uuid": str(position),
            "isSidechain": False,
            "cwd": "/home/dev/shop",
            "sessionId": session,
            "version": "2.0.30",
            "gitBranch": "main",
            "type": role,
            "message": {"role": role, "content": content, "id": f"msg_{position}", "model": "claude-sonnet-4-5"},
            "timestamp": f"2026-03-01T10:00:{position:02}.000Z",
        }
    )


def call(name: str, **arguments: object) -> dict[str, object]:
    return {"type": "tool_use", "id": f"toolu_{name}", "name": name, "input": arguments}


def answer(name: str, content: object) -> dict[str, object]:
    return {"type": "tool_result", "tool_use_id": f"toolu_{name}", "content": content}


def transcript(session: str = SESSION, *more: tuple[str, object]) -> str:
    before, after = "<i>one</i>\ntwo\n", "<u>one</u>\ntwo\n"
    edit = call("Edit", file_path="/home/dev/shop/<b>.py", old_string=before, new_string=after)
    contents: list[tuple[str, object]] = [
        ("user", HOSTILE),
        ("assistant", [{"type": "thinking", "thinking": HOSTILE, "signature": "s"}]),
        ("assistant", [call("Bash", command="echo '<script>window.hostile = 8</script>'")]),
        ("user", [answer("Bash", "\x1b[31m<script>window.hostile = 9</script>\x1b[0m")]),
        ("assistant", [edit]),
        ("user", [answer("Edit", "A quokka is done.")]),
        ("assistant", [{"type": "text", "text": HOSTILE}]),
    ]
    spoken = enumerate([*contents, *more])
    return "\n".join(line(session, position, role, content) for position, (role, content) in spoken) + "\n"


def save(url: str, text: str) -> None:
    mutation = "mutation ($text: String!) { importSession(input: {text: $text}) { userErrors { message } } }"
    answered = httpx2.post(url, json={"query": mutation, "variables": {"text": text}}).json()
    assert answered == {"data": {"importSession": {"userErrors": []}}}


@pytest.fixture(scope="module")
def pictures() -> Path:
    """The folder of the screenshots."""
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # Batches so small that a resume takes longer than a visit looks at its bar.
    with samples(tmp_path_factory.mktemp("reader") / "samples", seed_batch=2) as server:
        save(server.url, transcript())
        yield server.url


@pytest.fixture(scope="module")
def hostile(url: str, pictures: Path) -> dict[str, Any]:
    return seen_by("hostile", urljoin(url, f"s/{SESSION}"), pictures=pictures)


@pytest.mark.slow
def test_nothing_in_a_transcript_runs_and_its_html_is_text(hostile: dict[str, Any]) -> None:
    assert hostile["ran"] is None
    assert hostile["foreignElements"] == 0
    assert "<script>window.hostile = 1</script>" in hostile["text"]
    assert '<img src="x" onerror="window.hostile = 2">' in hostile["text"]


@pytest.mark.slow
def test_messages_that_take_long_to_parse_are_shown_as_they_are(url: str) -> None:
    session = "7c1d9e52-6a3b-4f08-9b7d-2e4f6a8c0b13"
    texts = ["> " * 7_000 + "deep", "[" * 14_000, "**a*" * 4_000]
    save(url, "".join(line(session, position, "user", text) + "\n" for position, text in enumerate(texts)))

    assert seen_by("costly", urljoin(url, f"s/{session}"), messages=len(texts))["texts"] == texts


@pytest.mark.slow
def test_links_in_a_transcript_lead_to_the_web_only(hostile: dict[str, Any]) -> None:
    assert set(hostile["links"]) == {"https://example.com/", "https://example.com/tracker.png"}


@pytest.mark.slow
def test_no_picture_is_shown_but_those_that_the_transcript_contains(hostile: dict[str, Any]) -> None:
    # In the prompt, the thinking and the reply. A drawing may contain scripts of its own.
    assert hostile["pictures"] == [f"data:image/png;base64,{PIXEL}"] * 3


@pytest.mark.slow
def test_calls_of_tools_are_shown_with_their_answers(hostile: dict[str, Any]) -> None:
    assert hostile["messages"] == 5
    assert hostile["answer"] == "<script>window.hostile = 9</script>"


@pytest.mark.slow
def test_an_answer_is_transferred_once_and_one_without_its_call_is_requested(url: str) -> None:
    session = "9e3f1b74-8c5d-4a16-b2e8-4f6a8c0b1d35"
    contents: list[tuple[str, object]] = [
        ("user", "List the teas"),
        ("assistant", [call("Bash", command="ls")]),
        ("user", [answer("Bash", "mint and black")]),
        ("user", [answer("Elsewhere", "an answer of long ago")]),
        ("assistant", [{"type": "text", "text": "Two."}]),
    ]
    save(url, "".join(line(session, at, role, content) + "\n" for at, (role, content) in enumerate(contents)))

    seen = seen_by("answers", urljoin(url, f"s/{session}"))

    assert (seen["called"], seen["lone"]) == ("mint and black", "an answer of long ago")
    assert seen["transferred"].count("mint and black") == 1
    assert "an answer of long ago" not in seen["transferred"]


@pytest.mark.slow
def test_changes_of_files_are_shown_as_a_diff(hostile: dict[str, Any]) -> None:
    assert [shown.replace("\n", "") for shown in hostile["diff"]] == ["−<i>one</i>", "+<u>one</u>", " two"]


@pytest.mark.slow
def test_a_transcript_breaks_no_rule_of_accessibility(hostile: dict[str, Any]) -> None:
    assert hostile["violations"] == []


@pytest.mark.slow
def test_a_person_goes_along_a_long_transcript(url: str, pictures: Path) -> None:
    prompts = [message for message in messages(url, MARATHON) if message["role"] == "USER" and message["text"]]
    index = next(index for index, message in enumerate(prompts) if message["position"] > 1_200)
    at, after = prompts[index], prompts[index + 1]

    seen = seen_by(
        "places",
        urljoin(url, f"s/{MARATHON}/{at['position']}"),
        pictures=pictures,
        position=at["position"],
        next=at["position"] + 1,
        prompt=at["position"],
        nextPrompt=after["position"],
        last=2_399,
    )

    assert [place["position"] for place in seen["places"]] == [
        at["position"],
        at["position"] + 1,
        at["position"],
        after["position"],
        at["position"],
    ]
    assert all(place["isAtTop"] for place in seen["places"])
    assert at["text"].startswith(seen["inOutline"].removesuffix("…"))
    assert seen["chosen"]["address"] == f"/s/{MARATHON}/{seen['chosen']['position']}"
    # The outline asks for no whole prompts.
    assert seen["longest"] < 2_000
    # Of 2,400 messages, only those in sight are in the document.
    assert seen["rows"] < 60


@pytest.mark.slow
def test_a_message_far_inside_a_session_is_on_the_screen_after_one_request(url: str) -> None:
    prompts = [message for message in messages(url, MARATHON) if message["role"] == "USER" and message["text"]]
    at = next(message for message in prompts if message["position"] > 1_800)

    seen = seen_by("deep", urljoin(url, f"s/{MARATHON}/{at['position']}"), position=at["position"])

    assert seen["asked"][0] == "SessionPage"
    assert at["text"] in seen["text"]
    assert seen["place"] == {"position": at["position"], "isAtTop": True}


def messages(url: str, session: str) -> list[dict[str, Any]]:
    query = """query ($id: ID!, $after: String) {
      session(id: $id) { messages(first: 500, after: $after) {
        nodes { position role text } pageInfo { endCursor hasNextPage }
      } }
    }"""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        answered = httpx2.post(url, json={"query": query, "variables": {"id": session, "after": after}}).json()
        page = answered["data"]["session"]["messages"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.slow
def test_a_person_changes_exports_and_hands_over_a_session(url: str, pictures: Path) -> None:
    session = "0b6f5f0e-5d1c-4f83-8f0b-0d1f9a3c7e52"
    text = transcript(session)
    save(url, text)
    tagged = 'mutation ($id: ID!) { updateSession(input: {sessionId: $id, tags: ["release"]}) { session { id } } }'
    httpx2.post(url, json={"query": tagged, "variables": {"id": MARATHON}}).raise_for_status()

    seen = seen_by("change", urljoin(url, f"s/{session}"), pictures=pictures)

    # The other session's.
    assert seen["tags"] == ["release"]
    assert seen["document"] == [f"{session}.jsonl", text]
    assert seen["own"] == f"claude --resume {session}"
    assert seen["ownFile"] == [f"{session}.jsonl", text]
    name, content = seen["file"]
    assert seen["others"].startswith("codex resume ")
    # The file is the one that the command names.
    assert seen["others"].split()[-1] in name
    assert seen["others"].split()[-1] in content
    without, undone = seen["totals"]
    assert undone == without + 1
    assert seen["violations"] == []


@pytest.mark.slow
def test_a_resume_shows_its_progress_until_it_is_canceled_or_ready(url: str, pictures: Path) -> None:
    seen = seen_by("resume", urljoin(url, f"s/{MARATHON}"), pictures=pictures)

    assert seen["violations"] == []


@pytest.mark.slow
def test_the_bar_of_a_resume_continues_after_the_server_was_unavailable(tmp_path: Path, pictures: Path) -> None:
    stop, start = tmp_path / "stop", tmp_path / "start"
    refused = ("ERR_CONNECTION_REFUSED", "WebSocket")
    with ThreadPoolExecutor() as executor:
        # Batches that take long enough to stop the server between them.
        with samples(tmp_path, seed_batch=2) as server:
            page = urljoin(server.url, f"s/{MARATHON}")
            visiting = executor.submit(
                seen_by, "away", page, expected=refused, pictures=pictures, stop=stop, start=start
            )
            until(lambda: stop.exists() or visiting.done())
        until(lambda: start.exists() or visiting.done())
        with samples(tmp_path, port=urlsplit(page).port):
            seen = visiting.result()

    assert 0 < seen["before"] < 100
    assert not seen["isAway"]


@pytest.mark.slow
def test_a_session_is_followed_while_it_is_written_and_until_it_is_deleted(url: str) -> None:
    session = "9f7a1c3e-2b4d-4e6f-8a90-b1c2d3e4f506"
    save(url, transcript(session))

    longer = transcript(session, ("user", "One thing more: <b>the end</b>"))
    seen = seen_by("follow", urljoin(url, f"s/{session}"), session=session, last=6, text=longer)

    assert "One thing more: <b>the end</b>" in seen["text"]


@pytest.mark.slow
def test_a_phone_shows_a_session_in_its_width(url: str, pictures: Path) -> None:
    seen = seen_by("phone", urljoin(url, f"s/{SESSION}"), pictures=pictures)

    assert seen["width"] <= 390
    assert seen["violations"] == []


@pytest.mark.slow
def test_a_session_that_could_not_be_requested_can_be_requested_again(url: str, pictures: Path) -> None:
    seen = seen_by("again", urljoin(url, f"s/{SESSION}"), pictures=pictures, expected=("ERR_FAILED",))

    assert seen["violations"] == []


@pytest.mark.slow
def test_each_paragraph_runs_in_its_own_direction_and_code_from_left_to_right(url: str, pictures: Path) -> None:
    session = "7a0f7e0e-2b1c-4a52-8f43-6a1f1f0a9d77"
    spoken = enumerate([("user", "مرحبا"), ("assistant", [{"type": "text", "text": RIGHT_TO_LEFT}])])
    save(url, "".join(f"{line(session, position, *spoken_line)}\n" for position, spoken_line in spoken))

    seen = seen_by("directions", urljoin(url, f"s/{session}"), pictures=pictures)

    assert seen["width"] == 360
    assert seen["atRight"] == ["h3", "p", "blockquote p"]
    assert (seen["marker"], seen["border"]) == ("24px", "3px")
    assert seen["code"] == ["ltr", "ltr"]


@pytest.mark.slow
def test_hits_in_a_session_are_listed_opened_and_marked(url: str, pictures: Path) -> None:
    seen = seen_by("find", urljoin(url, f"s/{SESSION}"), pictures=pictures)

    assert seen["hits"] == ["A quokka is done."]
    # The answer is shown with its call, which is a message before.
    assert seen["shown"] == seen["shown_by_address"] == {"position": "4", "answer": "A quokka is done.", "marks": 1}
    assert seen["violations"] == []


@pytest.mark.slow
def test_a_hit_in_all_sessions_leads_to_its_place(url: str) -> None:
    seen = seen_by("found", urljoin(url, "/?q=quokka"))

    assert seen["path"] == f"/s/{SESSION}/5?q=quokka"
    assert seen["answer"] == "A quokka is done."


@pytest.mark.slow
def test_earlier_windows_are_marked_and_subagents_are_shown_in_their_calls(url: str) -> None:
    for name in (COMPACTED, WITH_SUBAGENT, f"{WITH_SUBAGENT}/subagents/agent-aa3c9968ac8b6a14e"):
        save(url, (PROJECT / f"{name}.jsonl").read_text(encoding="utf-8"))

    seen = seen_by("kinds", urljoin(url, f"s/{WITH_SUBAGENT}"), compacted=urljoin(url, f"s/{COMPACTED}"))

    assert seen["earlier"] == 3
    assert "Nothing is left to do." in seen["summary"]
    assert seen["violations"] == []


@pytest.mark.slow
def test_a_summary_that_nobody_can_read_is_named(url: str) -> None:
    summary = item("compaction", encrypted_content="QUJD")["payload"]
    compacted = record("compacted", {"message": "", "replacement_history": [summary]})
    save(url, rollout(header(), said("user", "One."), said("assistant", "1"), compacted).data.decode())

    seen = seen_by("sealed", urljoin(url, f"s/{THREAD}"))

    assert seen["text"].splitlines()[-1] == "Only the provider of the model can read the summary"
