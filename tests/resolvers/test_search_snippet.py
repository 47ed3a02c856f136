"""Snippets and highlights of hits, in code points."""

from tests.conftest import Serve
from tests.support.documents import Block, assistant, thinking, tool_result, tool_use, user, zagens
from tests.support.searches import search
from tests.support.server import Served
from tests.support.sessions import saved


async def marked(server: Served, query: str) -> list[tuple[str, list[str]]]:
    """Each hit's snippet and the highlighted words, newest first."""
    nodes = (await search(server.client, query, orderBy="RECENT"))["nodes"]
    return [
        (node["snippet"], [node["snippet"][span["start"] : span["end"]] for span in node["highlights"]])
        for node in nodes
    ]


async def test_highlights_count_code_points(serve: Serve) -> None:
    server = await serve(seed=False)
    texts = ["👩\u200d👩\u200d👧👍🏽 leap", "e\u0301e\u0301 leap E\u0301", "𠮷野家で leap", "\U00010380 leap\n\tleap"]
    await saved(server, zagens("s", "Leap 🎉 leap", messages=[user(text) for text in texts]))
    assert await marked(server, "leap") == [
        ("Leap 🎉 leap", ["Leap", "leap"]),
        ("\U00010380 leap  leap", ["leap", "leap"]),
        *((text, ["leap"]) for text in texts[2::-1]),
    ]
    assert await marked(server, "é") == [(texts[1], ["E\u0301"])]
    assert await marked(server, "野家") == [(texts[2], ["野家"])]


async def test_the_text_that_matches_is_shown_whatever_block_it_is_in(serve: Serve) -> None:
    server = await serve(seed=False)
    blocks: list[str | Block] = [
        thinking("A thought about nothing"),
        tool_use("t", "read_file", {"path": "src/export/range.py", "deep": [{"pattern": "leap"}]}),
        tool_result("t", "def days(year): ..."),
        "Said at the end",
    ]
    await saved(server, zagens("s", "Other", messages=[assistant(*blocks)]))
    assert await marked(server, "thought") == [("A thought about nothing", ["thought"])]
    assert await marked(server, "range.py") == [("src/export/range.py", ["range", "py"])]
    assert await marked(server, "leap") == [("leap", ["leap"])]
    assert await marked(server, "file") == [("read_file", ["read_file"])]
    assert await marked(server, "days year") == [("def days(year): ...", ["days", "year"])]
    assert await marked(server, "said") == [("Said at the end", ["Said"])]
    # All match in the message; two of them in one block.
    assert await marked(server, "said thought nothing") == [("A thought about nothing", ["thought", "nothing"])]


async def test_a_long_text_is_cut_around_the_match(serve: Serve) -> None:
    server = await serve(seed=False)
    text = "lorem ipsum " * 2_000 + "the leap year " + "dolor sit " * 2_000
    await saved(server, zagens("s", "Other", messages=[user(text)]))
    [(snippet, words)] = await marked(server, "leap year")
    assert words == ["leap", "year"]
    assert snippet in text
    assert 180 <= len(snippet) <= 240
