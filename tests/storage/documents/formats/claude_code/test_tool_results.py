"""Results of tools are whole."""

import pytest

from storage.documents.derived_session import DerivedSession
from storage.json_codec import dump
from tests.support.claude_code import FOLDER, NAME, OTHER_SESSION, SESSION, Lines, call, derive, result, text
from tests.support.stored_transcript import StoredTranscript

PREVIEW = "<persisted-output>\nOutput too large. Full output saved to: {}\n\nPreview:\nab\n</persisted-output>"
PATH = f"/somewhere/else/.claude/projects/x/{SESSION}/tool-results/b1.txt"
OUTPUT = f"{FOLDER}/tool-results/b1.txt"


def answered(content: object, recorded: object = None, **fields: object) -> Lines:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(call("c"))
    lines.user([result("c", content)], **({} if recorded is None else {"toolUseResult": recorded}), **fields)
    return lines


def content_of(session: DerivedSession) -> object:
    return session.messages[2].build()[0]["content"]


@pytest.mark.parametrize("path", [PATH, PATH.replace("/", "\\"), "tool-results/b1.txt"])
@pytest.mark.parametrize("as_blocks", [False, True])
def test_a_long_output_is_found_by_the_name_of_its_file(path: str, as_blocks: bool) -> None:
    preview = PREVIEW.format(path)
    lines = answered([text(preview)] if as_blocks else preview, {"stdout": "ab"})

    assert content_of(lines.derive({OUTPUT: b"the whole\0 output \xff"})) == "the whole\ufffd output \ufffd"


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ([text("one\ntwo"), {"type": "image"}], [text("one\ntwo"), {"type": "image"}]),
        ([{"price": 2}], '[{"price":2}]'),
        ([], "[]"),
        ({"type": "text"}, '{"type":"text"}'),
    ],
)
def test_a_long_output_of_a_server_has_its_blocks(stored: object, expected: object) -> None:
    lines = answered(PREVIEW.format(PATH.replace(".txt", ".json")))

    assert content_of(lines.derive({OUTPUT.replace(".txt", ".json"): dump(stored).encode()})) == expected


def test_without_its_file_a_long_output_is_its_preview() -> None:
    assert content_of(answered(PREVIEW.format(PATH)).derive()) == PREVIEW.format(PATH)


PICTURE = OUTPUT.replace("b1.txt", "mcp-resource-1-0-a.png")
RESOURCES = {
    "contents": [
        {"uri": "tea://dot", "mimeType": "image/png", "blobSavedTo": f"/somewhere/else/.claude/{PICTURE}"},
        {"uri": "tea://sound", "mimeType": "audio/wav", "blobSavedTo": f"/somewhere/else/.claude/{PICTURE[:-3]}wav"},
    ]
}


def test_the_pictures_of_a_servers_resource_are_shown() -> None:
    answer = dump(RESOURCES)
    session = answered(answer).derive({PICTURE: b"\x89PNG", PICTURE[:-3] + "wav": b"RIFF"})

    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}}
    assert content_of(session) == [text(answer), picture]
    # The model got the answer alone.
    assert session.messages[2].build()[0]["sent_content"] == answer
    assert content_of(answered(answer).derive()) == answer
    assert content_of(answered(answer).derive({PICTURE: bytes(6 * 2**20)})) == answer


@pytest.mark.parametrize(("content", "name"), [(PREVIEW.format(PATH), OUTPUT), (dump(RESOURCES), PICTURE)])
def test_an_output_in_a_file_changes_the_digest(content: str, name: str) -> None:
    lines = answered(content)

    digests = {lines.derive(files).messages[2].digest for files in ({}, {name: b"one"}, {name: b"two"})}

    assert len(digests) == 3


def test_a_fork_and_a_subagent_read_long_outputs_of_their_parent() -> None:
    parent = StoredTranscript(NAME, b"", {OUTPUT: b"whole"})
    lines = answered(PREVIEW.format(PATH))
    fork = lines.transcript(f"projects/-home-dev-shop/{OTHER_SESSION}.jsonl", bases={SESSION: parent})
    subagent = lines.transcript(f"{FOLDER}/subagents/agent-a1.jsonl", bases={SESSION: parent})
    older = lines.transcript("projects/-home-dev-shop/agent-a1.jsonl", {OUTPUT: b"whole"})

    assert [content_of(derive(transcript)) for transcript in (fork, subagent, older)] == ["whole"] * 3


def test_the_report_of_a_subagent_is_its_own_text() -> None:
    notes = [text("note before"), text("The report."), text("note behind")]
    recorded = {
        "status": "completed",
        "agentId": "a1",
        "content": notes,
        "harnessNoteCount": 1,
        "harnessTailCount": 1,
    }

    assert content_of(answered([text("  [Subagent hand-back] The report.")], recorded).derive()) == [
        text("The report.")
    ]


@pytest.mark.parametrize(
    "recorded",
    [
        {"status": "async_launched", "agentId": "a1"},
        {"status": "completed", "agentId": "a1", "content": "text"},
        {"status": "completed", "agentId": "a1", "content": ["text"]},
        {"status": "completed", "agentId": "a1", "content": [text("x")], "harnessNoteCount": 9},
    ],
)
def test_without_a_clean_report_the_result_stays(recorded: object) -> None:
    assert content_of(answered("launched", recorded).derive()) == "launched"


def test_pictures_in_results_are_kept() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "eA=="}}

    assert content_of(answered([text("Here:"), image], {"type": "image", "file": {}}).derive()) == [
        text("Here:"),
        image,
    ]


@pytest.mark.parametrize(
    ("recorded", "words"),
    [
        ("Error: no", "Error: no"),
        ({"stdout": "out", "stderr": "err"}, "out\nerr"),
        ({"type": "text", "file": {"content": "line"}}, "line"),
        ({"filenames": ["a", "b"]}, '{"filenames":["a","b"]}'),
    ],
)
def test_an_empty_result_is_what_was_recorded_beside_it(recorded: object, words: str) -> None:
    assert content_of(answered("", recorded).derive()) == words


def test_an_error_stays_an_error() -> None:
    lines = Lines()
    lines.user("Begin")
    lines.assistant(call("c"))
    refused = {**result("c", "not allowed"), "is_error": True}
    lines.user([refused], permissionDecision={"decision": "reject"})

    assert lines.derive().messages[2].build() == [refused]


def test_text_beside_a_result_stays_with_it() -> None:
    lines = answered("done")
    lines.lines[2]["message"]["content"] += [text("[Request interrupted by user for tool use]"), text("Stop.")]

    assert lines.derive().messages[2].build()[1:] == [
        {**text("[Request interrupted by user for tool use]"), "is_injected": True},
        text("Stop."),
    ]
