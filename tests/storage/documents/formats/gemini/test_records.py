"""What the records of a session are derived to: texts, calls, tokens, the title."""

import pytest

from storage.records.token_usage import TokenUsage
from tests.support.format_checks import shown
from tests.support.gemini_records import FORMAT, HEADER, NAME, call, derive, live, model, response, text, user
from tests.support.stored_transcript import StoredTranscript

SUMMARY = {"$set": {"summary": "Greeting", "memoryScratchpad": {"version": 1}}}


def test_title_is_the_summary() -> None:
    session = derive(
        user("u1", "/help"), user("u2", "Hi"), {"$set": {"summary": "Greeting", "memoryScratchpad": {"version": 1}}}
    )
    assert (session.title, session.first_prompt) == ("Greeting", "Hi")
    assert session.metadata["memoryScratchpad"] == {"version": 1}
    assert live(session) == ["Hi"]


def test_thoughts_notices_errors_and_pictures() -> None:
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    session = derive(
        user("u1", [{"text": "Look"}, picture, {"text": "<hook_context>note</hook_context>"}]),
        model(
            "g1",
            "",
            thoughts=[{"subject": "Plan", "description": "Look first."}],
            toolCalls=[
                call("c1", {"error": "no file"}, "error"),
                call("c2", None, "executing"),
                {**call("c3"), "result": [response("c3", "seen"), picture]},
            ],
        ),
        {"id": "i1", "timestamp": "2026-11-28T06:00:03.000Z", "type": "info", "content": "Switched."},
        {"id": "x1", "timestamp": "2026-11-28T06:00:03.000Z", "type": "novelty", "content": "?"},
        {"strange": 1},
    )
    assert shown(session) == [
        ("USER", ["text: Look", "image", "text: <hook_context>note</hook_context>"]),
        (
            "ASSISTANT",
            [
                "thinking: **Plan** Look first.",
                'call read_file: {"path":"a"}',
                'call read_file: {"path":"a"}',
                'call read_file: {"path":"a"}',
            ],
        ),
        ("TOOL", ["failed c1: no file", "result c3: ['seen', 'image']"]),
        ("SYSTEM", ["text: Switched."]),
        ("SYSTEM", ["novelty"]),
        ("SYSTEM", ["record"]),
    ]
    assert session.first_prompt == "Look"
    assert len(session.live) == 3


def test_tokens_in_classes_that_do_not_overlap() -> None:
    tokens = {"input": 1000, "output": 50, "cached": 900, "thoughts": 30, "tool": 7, "total": 1087}
    session = derive(user("u1", "Hi"), model("g1", "Hello", tokens=tokens), model("g1", "Hello!", tokens=tokens))
    assert session.usage == TokenUsage(input=107, cache_read=900, output=50, reasoning=30)


def test_an_expanded_prompt_is_the_persons_only_in_what_was_typed() -> None:
    session = derive(
        user("u1", [{"text": "Read @a.txt"}, {"text": "--- Content of a.txt ---"}], displayContent="Read @a.txt")
    )
    assert session.first_prompt == "Read @a.txt"
    assert [block.get("is_injected", False) for block in session.messages[0].build()] == [False, True]


def test_a_session_that_a_custom_command_began_is_named_by_what_was_typed() -> None:
    sent = "Brew the tea for three minutes.\n\n/brew green tea"
    session = derive(user("u1", [{"text": sent}], displayContent=[{"text": "/brew green tea"}]), model("g1", "Brewed."))
    assert session.first_prompt == "/brew green tea"
    assert live(session) == [sent, "Brewed."]
    assert [message.is_injected for message in session.messages] == [False, False]


@pytest.mark.parametrize("referenced", ["files", "context"])
def test_files_that_a_prompt_mentions_are_not_the_persons_words(referenced: str) -> None:
    marks = f"\n--- Content from referenced {referenced} ---", "\n--- End of content ---"
    texts = ["Read @a.txt", marks[0], "\nContent from @a.txt:\n", "Mint tea 2", marks[1], "Quickly."]

    session = derive(user("u1", [{"text": words} for words in texts]))

    assert session.first_prompt == "Read @a.txt\nQuickly."
    assert [block.get("is_injected", False) for block in session.messages[0].build()] == [False, *[True] * 4, False]
    editor = [block["text"] for block in session.messages[0].build() if block.get("is_from_editor")]
    assert editor == (texts[1:5] if referenced == "context" else [])
    assert live(session) == texts


@pytest.mark.parametrize("count", [1, 2])
def test_what_hooks_add_before_a_prompt_is_not_the_persons(count: int) -> None:
    added = "\n".join(["<hook_context>Be\nbrief.</hook_context>"] * count) + "\n\n"
    displayed = [{"text": f"{added}Why is it wrong?"}]

    session = derive(user("u1", [*displayed, {"text": added.strip()}], displayContent=displayed))

    assert session.first_prompt == "Why is it wrong?"
    assert not session.messages[0].is_injected
    assert session.messages[0].build() == [
        {**text(added), "is_injected": True},
        text("Why is it wrong?"),
        {**text(added.strip()), "is_injected": True},
    ]


@pytest.mark.parametrize(
    "words",
    [
        "\n<loaded_context>\nSell no coffee.\n</loaded_context>",
        "<hook_context>Be brief.</hook_context>\n",
        "<qwen:user-prompt-submit-context>\nBe brief.\n</qwen:user-prompt-submit-context>",
        "I ran the following shell command:\n```sh\nls\n```\n\nThis produced the following result:\n```\n```\nb\n```",
        "You have exceeded the time limit. You have one final chance to complete the task with a short grace period.",
        "System: Potential loop detected. Details: Repeated tool call: read_file. Please take a step back.",
        "Background execution update:\n<background_output>\ndone\n</background_output>\n\nA backgrounded one ended.",
    ],
)
def test_text_of_the_program_is_no_prompt(words: str) -> None:
    session = derive(user("u1", [{"text": words}]), user("u2", [{"text": words}, {"text": "Mine"}]))

    assert [message.is_injected for message in session.messages] == [True, False]
    assert session.first_prompt == "Mine"
    assert session.messages[1].build() == [{**text(words), "is_injected": True}, text("Mine")]


@pytest.mark.parametrize(
    ("opening", "ending"),
    [("User steering update:", "\n"), ("User hints:", "\n\n")],
)
def test_what_a_person_typed_while_the_model_worked_follows_the_results(opening: str, ending: str) -> None:
    words = [f"{opening}\n<user_input>\n", "Ask for mint.", f"\n</user_input>{ending}Internal instruction: Do it."]
    parts = [{"text": "".join(words)}, response("c1", "read")]

    session = derive(
        user("u1", "Go"),
        model("g1", toolCalls=[call("c1", "read")]),
        user("r1", parts),
        model("g2", toolCalls=[call("c2")]),
        user("r2", [parts[0], response("c2", "late")]),
        model("g3", "Yes"),
    )

    hint = ("USER", [f"text: {one}" for one in words])
    assert [one for one in shown(session) if one[0] != "ASSISTANT"][1:] == [
        ("TOOL", ["result c1: read"]), hint, ("TOOL", ["result c2: late"]), hint,
    ]  # fmt: skip
    assert list(session.live) == list(range(8))
    assert [block.get("is_injected", False) for block in session.messages[3].build()] == [True, False, True]
    assert not session.messages[3].is_injected


def test_the_end_of_a_command_in_the_background_is_no_prompt() -> None:
    ended = "<output> [Background command completed successfully. Output saved to /tmp/1.log] 2 </output>"
    session = derive(
        user("u1", "Go"),
        user("u2", f"User steering update:\n<user_input>\n{ended}\n</user_input>\nInternal instruction: Do it."),
    )

    assert [message.is_injected for message in session.messages] == [False, True]


def test_words_about_what_the_program_says_are_the_persons() -> None:
    words = [
        "What does <hook_context> mean?",
        "I ran the following shell command:\n```sh\nls\n```",
        "You have one final chance to complete the task",
        "<hook_context> open",
    ]

    session = derive(*(user(f"u{number}", one) for number, one in enumerate(words)))

    assert [message.is_injected for message in session.messages] == [False, False, False, True]


def test_media_other_than_pictures_follow_their_result() -> None:
    pdf = {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0xLjQK"}}
    picture = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}
    parts = [response("c1", "read"), pdf, picture, response("c2", {"output": "both"})]
    nested = [response("c3", "one"), {"functionResponse": {"id": "c4", "response": {"output": "in"}, "parts": [pdf]}}]
    calls = [{**call("c1"), "result": parts[:3]}, {**call("c2"), "result": parts[3:]}, call("c3"), call("c4")]

    session = derive(user("u1", "Go"), model("g1", toolCalls=calls), user("r1", parts), user("r2", nested))

    assert shown(session)[2:] == [
        ("TOOL", ["result c1: ['read', 'image']", "inlineData", "result c2: both"]),
        ("TOOL", ["result c3: one", "result c4: in", "inlineData"]),
    ]


def test_media_of_a_result_that_is_known_are_not_repeated() -> None:
    pdf = {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0xLjQK"}}
    done = {**call("c1"), "result": [response("c1", "read"), pdf]}

    session = derive(
        user("u1", "Go"),
        model("g1", toolCalls=[done, call("c2")]),
        user("r1", [response("c1", "read"), pdf, response("c2", "late")]),
    )

    assert shown(session)[2:] == [("TOOL", ["result c1: read", "inlineData"]), ("TOOL", ["result c2: late"])]


def test_a_file_without_messages_is_no_session() -> None:
    assert FORMAT.derive([StoredTranscript.of(NAME, HEADER)]) is None
    assert FORMAT.session_id(StoredTranscript.of(NAME, {"a": 1})) is None
    assert FORMAT.derive([]) is None


def test_a_file_with_the_context_alone_is_no_session() -> None:
    context = {"$set": {"messages": [user("c", "<session_context>here</session_context>")]}}
    notice = {"id": "i1", "timestamp": HEADER["startTime"], "type": "info", "content": "Stopped."}
    for others, is_session in ([], False), ([notice], True), ([user("u1", "One")], True):
        session = FORMAT.derive([StoredTranscript.of(NAME, HEADER, context, *others)])
        assert (session is not None) == is_session


def test_results_in_other_forms() -> None:
    file = {"fileData": {"mimeType": "image/png", "fileUri": "https://example.org/a.png"}}
    picture = {"inlineData": {"mimeType": "image/png", "data": "A"}}
    nested = {"functionResponse": {"name": "shot", "response": {}, "parts": [picture]}}
    session = derive(
        user("u1", ["Look", file, {"inlineData": {"mimeType": "image/png"}}, 5]),
        model("g1", [{"functionCall": {"name": "shot", "args": "all"}}], toolCalls=[{**call("c1"), "result": "plain"}]),
        user("r1", [nested, {"text": "[context]"}]),
        user("r2", [{"functionResponse": {"id": "c2", "response": {"content": [1], "error": None}}}]),
        user("r3", [{"functionResponse": {"id": "c3", "response": "text"}}]),
    )  # fmt: skip
    assert shown(session) == [
        ("USER", ["text: Look", "image", "inlineData", "number"]),
        ("ASSISTANT", ['call shot: "all"', 'call read_file: {"path":"a"}']),
        ("TOOL", ["result c1: plain"]),
        ("TOOL", ["result shot: ['image']", "text: [context]"]),
        ("TOOL", ['result c2: {"content":[1],"error":null}']),
        ("TOOL", ["result c3: text"]),
    ]
    assert session.messages[0].build()[1]["source"] == {"type": "url", "url": "https://example.org/a.png"}
    failed = derive(user("u1", "Go"), model("g1", toolCalls=[{**call("c1", None, "error"), "result": "no such file"}]))
    assert shown(failed)[2] == ("TOOL", ["failed c1: no such file"])


@pytest.mark.parametrize(
    ("name", "output", "is_error"),
    [
        ("run_shell_command", "Output: (empty)\nExit Code: 1\nProcess Group PGID: 7", True),
        ("run_shell_command", "Output: Exit Code: 1\nExit Code: 1\nExit Code: 0", False),
        ("run_shell_command", "Output: seen\nProcess Group PGID: 7", False),
        ("read_file", "Exit Code: 1", False),
    ],
)
def test_a_command_that_exits_with_another_code_than_0_has_failed(name: str, output: str, is_error: bool) -> None:
    response = {"functionResponse": {"id": "c1", "name": name, "response": {"output": output}}}
    done = {"id": "c1", "name": name, "args": {}, "status": "success", "result": [response]}
    session = derive(user("u1", "Go"), model("g1", toolCalls=[done]))
    [result] = [block for one in session.messages for block in one.build() if block["type"] == "tool_result"]
    assert (result["content"], result.get("is_error", False)) == (output, is_error)
