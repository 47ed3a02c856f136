"""The page of one session in a browser, on `reprise serve --samples`."""

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from tests.support import browser
from tests.support.clients import ROOT, samples

seen_by = functools.partial(browser.seen_by, Path(__file__).parent)

SESSION = "5d2c7c1e-3f4b-4a65-9a3e-6b8e0f5d9c21"
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


def line(position: int, role: str, content: object) -> str:
    """A line of a Claude Code transcript."""
    return json.dumps(
        {
            "parentUuid": None if position == 0 else str(position - 1),
            "uuid": str(position),
            "isSidechain": False,
            "cwd": "/home/dev/shop",
            "sessionId": SESSION,
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


def transcript() -> str:
    before, after = "<i>one</i>\ntwo\n", "<u>one</u>\ntwo\n"
    edit = call("Edit", file_path="/home/dev/shop/<b>.py", old_string=before, new_string=after)
    contents: list[tuple[str, object]] = [
        ("user", HOSTILE),
        ("assistant", [{"type": "thinking", "thinking": HOSTILE, "signature": "s"}]),
        ("assistant", [call("Bash", command="echo '<script>window.hostile = 8</script>'")]),
        ("user", [answer("Bash", "\x1b[31m<script>window.hostile = 9</script>\x1b[0m")]),
        ("assistant", [edit]),
        ("user", [answer("Edit", "done")]),
        ("assistant", [{"type": "text", "text": HOSTILE}]),
    ]
    return "\n".join(line(position, role, content) for position, (role, content) in enumerate(contents)) + "\n"


@pytest.fixture(scope="module")
def pictures() -> Path:
    """The folder of the screenshots."""
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with samples(tmp_path_factory.mktemp("reader") / "samples") as server:
        mutation = "mutation ($text: String!) { importSession(input: {text: $text}) { userErrors { message } } }"
        answered = httpx2.post(server.url, json={"query": mutation, "variables": {"text": transcript()}}).json()
        assert answered == {"data": {"importSession": {"userErrors": []}}}
        yield server.url


@pytest.fixture(scope="module")
def hostile(url: str, pictures: Path) -> dict[str, Any]:
    return seen_by("hostile", urljoin(url, f"s/{SESSION}"), pictures=pictures)


def test_nothing_in_a_transcript_runs_and_its_html_is_text(hostile: dict[str, Any]) -> None:
    assert hostile["ran"] is None
    assert hostile["foreignElements"] == 0
    assert "<script>window.hostile = 1</script>" in hostile["text"]
    assert '<img src="x" onerror="window.hostile = 2">' in hostile["text"]


def test_links_in_a_transcript_lead_to_the_web_only(hostile: dict[str, Any]) -> None:
    assert set(hostile["links"]) == {"https://example.com/", "https://example.com/tracker.png"}


def test_no_picture_is_shown_but_those_that_the_transcript_contains(hostile: dict[str, Any]) -> None:
    # In the prompt, the thinking and the reply. A drawing may contain scripts of its own.
    assert hostile["pictures"] == [f"data:image/png;base64,{PIXEL}"] * 3


def test_calls_of_tools_are_shown_with_their_answers(hostile: dict[str, Any]) -> None:
    assert hostile["messages"] == 5
    assert hostile["answer"] == "<script>window.hostile = 9</script>"


def test_changes_of_files_are_shown_as_a_diff(hostile: dict[str, Any]) -> None:
    assert [shown.replace("\n", "") for shown in hostile["diff"]] == ["−<i>one</i>", "+<u>one</u>", " two"]


def test_a_transcript_breaks_no_rule_of_accessibility(hostile: dict[str, Any]) -> None:
    assert hostile["violations"] == []
