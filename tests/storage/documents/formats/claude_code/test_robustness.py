"""Any content of a transcript derives, the same way each time, and a longer one continues a shorter one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.documents.derived_session import DerivedSession
from tests.support.claude_code import FORMAT, NAME, Lines, call, derive, result, shown, text
from tests.support.examples import examples
from tests.support.format_checks import check, check_every_prefix, check_mutations
from tests.support.stored_transcript import StoredTranscript

SAMPLES = [StoredTranscript.found(found) for found in FORMAT.find(Path(__file__).parent).transcripts]
sample = pytest.mark.parametrize("transcript", SAMPLES, ids=[transcript.name[-20:] for transcript in SAMPLES])


@sample
def test_every_beginning_of_a_transcript_derives(transcript: StoredTranscript) -> None:
    check_every_prefix(FORMAT, transcript)


@sample
def test_a_transcript_with_changed_values_and_bytes_derives(transcript: StoredTranscript) -> None:
    check_mutations(FORMAT, transcript, count=150)


@sample
def test_deriving_again_gives_the_same(transcript: StoredTranscript) -> None:
    first, second = derive(transcript), derive(transcript)

    assert [message.digest for message in first.messages] == [message.digest for message in second.messages]
    assert [message.build() for message in first.messages] == [message.build() for message in second.messages]
    assert (first.live, first.metadata) == (second.live, second.metadata)


steps = st.lists(
    st.tuples(
        st.sampled_from(["prompt", "text", "call", "result", "meta", "compact", "again", "aside", "leaf"]),
        st.integers(0, 5),
        st.one_of(st.none(), st.integers(0, 30)),
    ),
    max_size=30,
)


def lines_of(plan: list[tuple[str, int, int | None]]) -> Lines:
    lines = Lines()
    for kind, number, back in plan:
        known = [line["uuid"] for line in lines.lines if "uuid" in line]
        fields = {} if back is None else {"parentUuid": known[back] if back < len(known) else None}
        match kind:
            case "prompt":
                lines.user(f"prompt {number}", **fields)
            case "text":
                lines.assistant(text(f"text {number}"), id=f"m{number}", **fields)
            case "call":
                lines.assistant(call(f"c{number}"), id=f"m{number}", **fields)
            case "result":
                lines.user([result(f"c{number}")], **fields)
            case "meta":
                lines.user(f"reminder {number}", isMeta=True, **fields)
            case "compact":
                lines.add(
                    "system", subtype="compact_boundary", parentUuid=None, logicalParentUuid=(known or [None])[-1]
                )
                lines.user(f"summary {number}", isCompactSummary=True)
            case "again":
                lines.lines += lines.lines[number : number + 1]
            case "aside":
                lines.user(f"aside {number}", isSidechain=True, **fields)
            case "leaf":
                lines.meta(type="last-prompt", leafUuid=f"line-{number}")
    return lines


def contents(session: DerivedSession | None) -> list[tuple[bytes, str]]:
    return [] if session is None else [(m.digest, str(m.build())) for m in session.messages]


@examples(100)
@given(steps)
def test_a_digest_is_equal_exactly_if_the_content_is(plan: list[tuple[str, int, int | None]]) -> None:
    transcript = lines_of(plan).transcript()
    session = FORMAT.derive([transcript])

    check(session)
    assert contents(session) == contents(FORMAT.derive([transcript]))
    by_digest: dict[bytes, str] = {}
    for digest, content in contents(session):
        assert by_digest.setdefault(digest, content) == content
    assert (session is None) is (FORMAT.session_id(transcript) is None)


@examples(100)
@given(steps, st.integers(0, 30))
def test_more_lines_change_only_the_messages_that_they_belong_to(
    plan: list[tuple[str, int, int | None]], cut: int
) -> None:
    whole = lines_of(plan).transcript()
    ends = [0, *(place + 1 for place, byte in enumerate(whole.data) if byte == 0x0A)]
    end = ends[min(cut, len(ends) - 1)]
    before, after = FORMAT.derive([whole.cut(end)]), FORMAT.derive([whole])
    if before is None:
        return
    assert after is not None
    assert len(after.messages) >= len(before.messages)
    new = b"".join(line for line in whole.data[end:].splitlines())
    for old, message in zip(before.messages, after.messages, strict=False):
        assert (old.role, old.created_at, old.is_injected) == (message.role, message.created_at, message.is_injected)
        if old.digest != message.digest:
            assert all(block in message.build() for block in old.build())
            assert any(
                str(block.get("id") or block.get("tool_use_id") or block.get("text")).encode() in new
                for block in message.build()
            )


def test_lines_that_are_no_json_are_passed_over_and_counted() -> None:
    data = b'{"type":"user","uuid":"a","message":{"content":"Go"}}\n{"type":"us\n[1]\nnull\n\x00\x00\n'
    session = derive(StoredTranscript(NAME, data))

    assert shown(session) == ["U Go"]
    assert session.metadata["lineCounts"] == {"(not JSON)": 4}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (rb'"a\ud800b"', "a\ufffdb"),
        (rb'"a\u0000b"', "a\ufffdb"),
        (b'"a\xffb"', "a\ufffdb"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
    ],
)
def test_text_that_cannot_be_stored_is_replaced(raw: bytes, words: str) -> None:
    line = b'{"type":"user","uuid":"a","message":{"content":' + raw + b"}}\r\n"

    session = derive(StoredTranscript(NAME, line))

    assert session.messages[0].build() == [text(words)]


def test_nothing_of_a_session_has_a_character_that_cannot_be_stored() -> None:
    lines = Lines()
    nul = "a\0b"
    lines.user(nul, cwd=nul, version=nul, gitBranch=nul, permissionMode=nul, entrypoint=nul, uuid=nul)
    lines.assistant(text("Yes."), model=nul, parentUuid=None)
    lines.add("system", subtype="compact_boundary", compactMetadata={"trigger": nul})
    lines.meta(type="custom-title", customTitle=nul)
    lines.meta(type=nul, **{nul: nul})

    session = lines.derive()

    assert "\0" not in str(session)
    assert (session.workspace, session.model) == ("a\ufffdb", "a\ufffdb")


def test_a_line_that_ends_in_its_type_is_passed_over() -> None:
    data = b'{"type":"api-request\n{"type":"user","uuid":"a","message":{"content":"Go"}}\n'

    assert shown(derive(StoredTranscript(NAME, data))) == ["U Go"]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    line = b'\xef\xbb\xbf{"type":"user","uuid":"a","message":{"content":"Go"}}\n'

    assert shown(derive(StoredTranscript(NAME, line))) == ["U Go"]


def test_numbers_that_are_no_json_are_kept_as_their_names() -> None:
    line = (
        b'{"type":"assistant","uuid":"a","message":{"id":"m","content":'
        b'[{"type":"tool_use","id":"c","name":"Sum","input":[NaN,-Infinity,1e999,123456789012345678901234567890]}]}}\n'
    )

    (block,) = derive(StoredTranscript(NAME, line)).messages[0].build()

    assert block["input"] == ["NaN", "-Infinity", "1e999", 123456789012345678901234567890]


def test_deep_nesting_is_kept_as_text() -> None:
    deep = b"[" * 400 + b"]" * 400
    line = (
        b'{"type":"assistant","uuid":"a","message":{"id":"m","content":'
        b'[{"type":"tool_use","id":"c","name":"Dig","input":' + deep + b"}]}}\n"
    )
    session = derive(StoredTranscript(NAME, line))

    check(session)
    assert shown(session) == ["A call:c"]


def test_nesting_beyond_any_parser_is_passed_over() -> None:
    line = b'{"type":"user","uuid":"a","message":{"content":' + b"[" * 100_000 + b"]" * 100_000 + b"}}\n"
    known = b'{"type":"user","uuid":"b","message":{"content":"Go"}}\n'

    assert shown(derive(StoredTranscript(NAME, line + known))) == ["U Go"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", None),
        ([], None),
        (7, "U <number>"),
        ({"type": "text", "text": "Go"}, "U Go"),
        (["Go", 1, None, {"type": 5}], "U Go <number> <null> <record>"),
    ],
)
def test_contents_of_other_forms_are_kept(content: object, words: str | None) -> None:
    lines = Lines()
    lines.user("Begin")
    lines.user(content)

    session = lines.derive()

    assert shown(session)[1:] == ([] if words is None else [words])
    check(session)


def test_fields_of_other_types_count_as_missing() -> None:
    lines = Lines()
    lines.user("Begin", cwd=7, version=[], isMeta="no", timestamp={}, parentUuid=5, forkedFrom="x", apiBlockIndex="0")
    lines.assistant(text("Yes."), model=7, usage=[], requestId=7, apiBlockIndex=1.5)

    session = lines.derive()

    assert shown(session, live_only=True) == ["U Begin", "A Yes."]
    assert session.model == ""
