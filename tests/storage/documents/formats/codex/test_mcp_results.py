"""Answers of servers' tools: the model gets less of them than the events have."""

from typing import Any

import pytest

from storage.json_codec import dump
from tests.support.rollouts import IMAGE, completed, contents, derive, header, item, rollout, said

HEAD = "Wall time: 0.0079 seconds\nOutput:"
PART = {"type": "image", "data": "AAAA", "mimeType": "image/png"}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def answered(output: object, is_event_first: bool = True, **result: object) -> object:
    """The content of the result of a call, of which an event has the answer."""
    call = item("function_call", name="price", namespace="mcp__till", call_id="c1", arguments="{}")
    done = completed("McpToolCall", id="c1", server="till", tool="price", status="completed", result=result)
    given = item("function_call_output", call_id="c1", output=output)
    lines = [done, given] if is_event_first else [given, done]
    [_, (_, [block])] = contents(derive(rollout(header(), said("user", "Go."), call, *lines)))[1:]
    return block["content"]


def parts(*words: str) -> list[dict[str, str]]:
    return [{"type": "input_text", "text": one} for one in words]


@pytest.mark.parametrize("is_event_first", [True, False])
def test_an_answer_that_was_cut_is_whole(is_event_first: bool) -> None:
    whole = "tea " * 100

    content = answered(parts(HEAD, "tea …90 tokens truncated… tea"), is_event_first, content=[text(whole), PART])

    assert content == [text(HEAD), text(whole), IMAGE]


def test_an_answer_that_was_not_cut_is_as_the_model_got_it() -> None:
    link = {"type": "resource_link", "uri": "file:///menu.txt", "name": "menu"}
    given = [HEAD, "see", '{"type":"resource_link","uri":"file:///menu.txt","name":"menu"}']

    assert answered(parts(*given), content=[text("see"), link]) == [*map(text, given)]
    assert answered(parts("see"), content=[text("see what was not sent")]) == [text("see")]
    assert answered([], content=[text("see")]) == []


def test_texts_and_pictures_beside_a_structured_answer_are_kept() -> None:
    given = f'{HEAD}\n{{"euros":2}}'

    content = answered(given, content=[text("Two euros"), text('{"euros": 2}'), PART], structuredContent={"euros": 2})

    assert content == [text(given), text("Two euros"), IMAGE]
    assert answered(given, content=[text('{ "euros": 2.0 }')], structuredContent={"euros": 2}) == given
    assert answered(given, content=[], structuredContent={"euros": 2}) == given


def test_a_structured_answer_that_was_cut_is_whole() -> None:
    given = f'{HEAD}\n{{"teas":["mint",…9 tokens truncated…"oolong"]}}'
    structured = {"teas": ["mint"] * 30}

    content = answered(given, content=[], structuredContent=structured)

    assert content == f"{HEAD}\n{dump(structured)}"
