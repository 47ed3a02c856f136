"""Words after control sequences, in structured results and beside pictures are found and shown as plain text."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.documents import Block, tool_result, user, zagens
from tests.support.searches import found, search
from tests.support.sessions import imported, saved

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
ANSI = "\x1b[31merror\x1b[0m[E0425]: cannot find value `retryBudget`\n\x1b[38;5;11mwarning\x1b[0m: unused import"
LINK = "see \x1b]8;;https://docs.example/quota\x1b\\the manual\x1b]8;;\x1b\\ first"


def answer(content: object, **more: object) -> Block:
    return {"type": "tool_result", "tool_use_id": "t", "content": content, **more}


# A block, queries that find it, queries that do not, and the snippet of the first query.
BLOCKS: list[tuple[Block, list[str], list[str], str]] = [
    (
        tool_result("t", ANSI),
        ["error", "warning", "retryBudget", '"warning unused"', "E0425"],
        ["31merror", "11mwarning", "38"],
        "error[E0425]: cannot find value `retryBudget` warning: unused import",
    ),
    (tool_result("t", LINK), ["manual", '"the manual first"'], ["quota"], "see the manual first"),
    (
        answer({"stdout": "first line\nZeroDivisionError: division by zero\n\tindented", "return_code": 1}),
        ["ZeroDivisionError", "indented", '"line ZeroDivisionError"', "return_code", "stdout"],
        ["nZeroDivisionError", "tindented"],
        "stdout: first line ZeroDivisionError: division by zero  indented return_code: 1",
    ),
    (
        tool_result("t", '{"output": "first\\nSecondError: x\\n\\tlast", "\\u001b[1mkey": 1}'),
        ["SecondError", "last", "key"],
        ["nSecondError", "tlast"],
        '{"output": first SecondError: x  last, key: 1}',
    ),
    (
        answer(
            [
                {"type": "text", "text": "Page title: Checkout"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            ]
        ),
        ["Checkout", '"page title"'],
        [PNG, "iVBORw0KGgo*"],
        "Page title: Checkout type: image source: type: base64 media_type: image/png",
    ),
    (
        answer(
            "[image omitted]",
            content_blocks=[
                {"type": "text", "text": "caption quokka"},
                {"type": "image", "data": "A" * 32, "mimeType": "image/png"},
            ],
        ),
        ["quokka", "omitted"],
        ["A" * 32],
        "caption quokka type: image mimeType: image/png",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("block", "finding", "missing", "snippet"), BLOCKS)
async def test_words_of_a_result_are_found(
    serve: Serve, block: Block, finding: list[str], missing: list[str], snippet: str
) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("s", "Other", messages=[user(block)]))

    for query in finding:
        assert await found(client, query) == [("s", 0)], query
    for query in missing:
        assert await found(client, query) == [], query
    assert (await search(client, finding[0]))["nodes"][0]["snippet"] == snippet
    content: Any = await client.data('{ session(id: "s") { messages { nodes { rawContent } } } }')
    assert content["session"]["messages"]["nodes"][0]["rawContent"] == [block]


async def test_titles_show_no_control_sequences(serve: Serve) -> None:
    server = await serve(seed=False)
    client = server.client
    await saved(
        server,
        zagens("s", "\x1b[1mcoloured\x1b[0m title"),
        zagens("t", "\x1b[0m", messages=[user("\x1b[31mred\x1b[0m first")]),
    )
    titles = '{ session(id: "%s") { title } }'

    async def title(id: str) -> Any:
        return (await client.data(titles % id))["session"]["title"]

    assert [await title("s"), await title("t")] == ["coloured title", "red first"]
    [hit] = (await search(client, "coloured"))["nodes"]
    assert (hit["message"], hit["snippet"]) == (None, "coloured title")
    assert await found(client, "1mcoloured") == []
