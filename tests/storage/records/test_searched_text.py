"""Which texts of a message are searched."""

from typing import Any

import pytest

from storage.records.searched_text import content_texts, searched_texts
from storage.records.stored_blocks import read_blocks
from tests.support.documents import text, tool_use

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
SOURCE = {"type": "base64", "media_type": "image/png", "data": PNG}


def result(content: object, **more: object) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "t", "content": content, **more}


@pytest.mark.parametrize(
    ("block", "texts"),
    [
        (
            result([text("Page title"), {"type": "image", "source": SOURCE}]),
            ["Page title\ntype: image\nsource: type: base64\nmedia_type: image/png"],
        ),
        (
            result(
                "[image omitted]",
                content_blocks=[text("caption"), {"type": "image", "data": PNG, "mimeType": "image/png"}],
            ),
            ["[image omitted]", "caption\ntype: image\nmimeType: image/png"],
        ),
        (result("same", content_blocks=[text("same")]), ["same"]),
        (result("same", content_blocks=[text("more")]), ["same", "more"]),
        ({"type": "tool_result", "content": "of no call"}, []),
        (result({"stdout": "one\ntwo", "code": 1, "ok": True}), ["stdout: one\ntwo\ncode: 1\nok: "]),
        (result(["one", {"deep": ["two", [3]]}]), ["one\ndeep: two\n3"]),
        (result('{"stdout": "one\\ntwo"}'), ['{"stdout": one\ntwo}']),
        (
            result([{"type": "resource", "resource": {"uri": "a.txt", "mimeType": "text/plain", "text": "said"}}]),
            ["type: resource\nresource: uri: a.txt\nmimeType: text/plain\ntext: said"],
        ),
        (result([{"resource": {"blob": PNG, "mimeType": "application/pdf"}}]), ["resource: mimeType: application/pdf"]),
        (
            result([{"type": "web_search_result", "title": "Hit", "encrypted_content": PNG}]),
            ["type: web_search_result\ntitle: Hit"],
        ),
        (result({"type": "audio", "data": PNG}), ["type: audio"]),
        (result({"data": "words"}), ["data: words"]),
        (result({"data": "words", "media_type": "text/plain"}), ["data: words\nmedia_type: text/plain"]),
        (
            tool_use("t", "upload", {"data": PNG, "mimeType": "image/png", "name": "x"}),
            ["upload", "mimeType", "image/png", "name", "x"],
        ),
        (text("\x1b[1mbold\x1b[0m"), ["bold"]),
        (text("\x1b[1m"), []),
    ],
)
def test_texts_of_a_block(block: dict[str, Any], texts: list[str]) -> None:
    assert searched_texts(read_blocks([block])) == texts
    assert content_texts([block]) == texts
