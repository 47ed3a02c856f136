"""The filter of `sessions`: each field narrows the list, and several fields are combined by AND."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.support.client import Client
from tests.support.documents import codewhale, zagens
from tests.support.sessions import imported

LIST = """query ($filter: SessionFilter) {
  sessions(first: 500, filter: $filter, orderBy: {field: CREATED_AT, direction: ASC}) { totalCount nodes { id } }
}"""


async def found(client: Client, **filter: Any) -> str:
    """The ids of the sessions that match a filter, one letter each, in order."""
    page = (await client.data(LIST, filter=filter))["sessions"]
    ids = "".join(sorted(one["id"] for one in page["nodes"]))
    assert page["totalCount"] == len(page["nodes"])
    return ids


async def test_titles_are_matched_case_insensitively_in_any_script(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    titles = {
        "a": "Die Straße",
        "b": "DIE STRASSE",
        "c": "İstanbul",
        "d": "ISTANBUL",
        "e": "ΟΔΥΣΣΕΥΣ",
        "f": "Яблоко",
        "g": "漢字の題",
        "h": "Cafe\u0301",
        "i": "CAFÉ",
        "j": "ﬁle",
        "k": "👩‍💻 at work",
    }
    await imported(client, *(zagens(id, title) for id, title in titles.items()))

    for text, ids in {
        "straße": "ab",
        "STRASSE": "ab",
        "ss": "ab",
        "İ": "c",
        "istanbul": "d",
        "STANBUL": "cd",
        "οδυσσευς": "e",
        "ΣΣ": "e",
        "ЯБЛ": "f",
        "字の": "g",
        "café": "hi",
        "CAFE\u0301": "hi",
        "FILE": "j",
        "👩‍💻": "k",
        "nowhere": "",
        "": "abcdefghijk",
    }.items():
        assert await found(client, titleContains=text) == ids, text
    assert await found(client, titleContains=None) == "abcdefghijk"


async def test_a_filter_on_titles_has_no_wildcards(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    titles = {
        "a": "100%",
        "b": "1000",
        "c": "snake_case",
        "d": "snakeXcase",
        "e": r"back\slash",
        "f": "a/b",
        "g": "[x]*?",
    }
    await imported(client, *(zagens(id, title) for id, title in titles.items()))

    for text, ids in {
        "%": "a",
        "100%": "a",
        "_": "c",
        "e_c": "c",
        "\\": "e",
        "/": "f",
        "a/b": "f",
        "[x]": "g",
        "*": "g",
        "?": "g",
        "'": "",
        '"': "",
        "\x00": "",
        "\ud800": "",
        "x" * 60_000: "",
        "%" * 60_000: "",
    }.items():
        assert await found(client, titleContains=text) == ids, text[:20]


async def test_workspaces_match_in_any_spelling_models_and_sources_exactly(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(
        client,
        zagens("a", workspace="/work", model="m1"),
        zagens("b", workspace="/work/", model="m2"),
        codewhale("c", workspace="/WORK", model="M1"),
        codewhale("d", workspace="", model=""),
    )

    assert await found(client, workspaces=["/work"]) == "ab"
    assert await found(client, workspaces=["/work/", "", "/nowhere"]) == "abd"
    assert await found(client, workspaces=["/wor%"]) == ""
    assert await found(client, workspaces=["\x00"]) == ""
    assert await found(client, workspaces=[]) == ""
    assert await found(client, workspaces=None) == "abcd"
    assert await found(client, models=["m1"]) == "a"
    assert await found(client, models=["m1", "m2", "m1", "none"]) == "ab"
    assert await found(client, models=[""]) == "d"
    assert await found(client, models=[]) == ""
    assert await found(client, models=None) == "abcd"
    assert await found(client, sources=["ZAGENS"]) == "ab"
    assert await found(client, sources=["CODEWHALE", "GEMINI"]) == "cd"
    assert await found(client, sources=["ZAGENS", "CODEWHALE"] * 500) == "abcd"
    assert await found(client, sources=["CODEX"]) == ""
    assert await found(client, sources=[]) == ""
    assert await found(client, sources=["ZAGENS"], models=["m2", "M1"], workspaces=["/work/"]) == "b"


@pytest.mark.parametrize("field", ["models", "workspaces"])
async def test_too_many_values_are_refused(serve: Serve, field: str) -> None:
    client = (await serve(seed=False)).client

    assert await found(client, **{field: [str(n) for n in range(1000)]}) == ""
    [error] = (await client.execute(LIST, {"filter": {field: [str(n) for n in range(40_000)]}}))["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_only_active_sessions_are_listed_without_a_choice(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    await imported(client, zagens("a"), codewhale("b", archived=True))

    assert await found(client) == await found(client, archived=None) == await found(client, archived="ACTIVE") == "a"
    assert await found(client, archived="ARCHIVED") == "b"
    assert await found(client, archived="ANY") == "ab"


async def test_time_ranges_are_half_open_to_the_microsecond(serve: Serve) -> None:
    client = (await serve(seed=False)).client
    moments = {
        "a": "2026-01-01T00:00:00Z",
        "b": "2026-01-01T00:00:00.000001Z",
        "c": "2026-01-01T00:00:00.5Z",
        "d": "2026-01-01T00:00:01Z",
    }
    await imported(client, *(zagens(id, updated_at=at, created_at=at) for id, at in moments.items()))
    await imported(client, zagens("e", updated_at="2027-01-01T00:00:00Z", created_at="2025-01-01T00:00:00Z"))

    for field, outside in (("createdAt", "e"), ("updatedAt", "")):
        assert await found(client, **{field: {"from": moments["a"], "until": moments["d"]}}) == "abc"
        assert await found(client, **{field: {"from": moments["b"], "until": moments["c"]}}) == "b"
        assert await found(client, **{field: {"from": moments["c"], "until": moments["c"]}}) == ""
        assert await found(client, **{field: {"from": moments["d"], "until": moments["a"]}}) == ""
        assert await found(client, **{field: {"until": moments["b"]}}) == f"a{outside}"
        assert await found(client, **{field: {"from": "2026-01-01T01:00:00+01:00", "until": moments["b"]}}) == "a"
        for every in ({}, None, {"from": None, "until": None}):
            assert await found(client, **{field: every}) == "abcde"
    both = {"createdAt": {"until": "2026-01-01T00:00:00Z"}, "updatedAt": {"from": "2026-06-01T00:00:00Z"}}
    assert await found(client, **both) == "e"
