"""What a search finds, and in which scopes."""

from typing import Any

import pytest

from tests.conftest import Serve, postgresql_slow
from tests.support.client import Client
from tests.support.documents import assistant, codewhale, message, thinking, tool_result, tool_use, user, zagens
from tests.support.searches import DEFAULTS, PAGE, found, search
from tests.support.sessions import delete_session, imported, saved, update_session

# Each word occurs in one place only.
EVERYWHERE = zagens(
    "s",
    "Titleword",
    messages=[
        user("Saidword"),
        assistant(
            thinking("Thoughtword"),
            tool_use("callword", "toolword", {"keyword": ["valueword", {"deepword": 271828}]}),
            tool_result("callword", "resultword"),
        ),
        message("system", "systemword"),
        user({"type": "image_url", "image_url": {"url": "https://urlword"}}, {"type": "hologram", "text": "odd word"}),
    ],
    system_prompt="promptword",
    workspace="/workspaceword",
)
FOUND = {
    "titleword": ("s", None),
    "saidword": ("s", 0),
    "systemword": ("s", 2),
    **dict.fromkeys("thoughtword toolword keyword valueword deepword 271828 resultword".split(), ("s", 1)),
}


# A text, queries that find it, and queries that do not.
WORDS: list[tuple[str, list[str], list[str]]] = [
    ("call readFile()", ["readFile", "readfile", "read", "file", "read*", '"call readfile"'], ["readfil", "ad"]),
    ("the read_file tool", ["read_file", "READ_FILE", "read", "file", '"read file"'], ["_file", "readfile"]),
    ("new HTTPServer", ["httpserver", "HTTP", "Server", "http*"], ["httpserve"]),
    ("in src/export/range.py:42", ["src/export/range.py", "export/range", "range.py", "42"], ["src/range.py"]),
    ("error[E0308]: mismatched types", ["error[E0308]", "e0308: mismatched", "E0308"], ["E030", "0308"]),
    ("ENOENT: no such file, open '/etc/x'", ["ENOENT: no such file", "'/etc/x'"], ['"ENOENT such"']),
    ("İstanbul ve ısı", ["İSTANBUL", "i\u0307stanbul", "ısı"], ["istanbul", "isi"]),
    ("Die Straße", ["STRASSE", "strasse", "straße"], ["strase"]),
    ("ΟΔΥΣΣΕΥΣ", ["οδυσσευς", "Οδυσσευς"], ["οδυσσεύς"]),
    ("東京都庁に行く", ["東京", "京都", "都庁に", "行"], ["京東", "東都"]),
    ("データベース", ["データ", "ﾃﾞｰﾀ", "テ\u3099ータ"], ["テータ"]),
    ("한국어 문서", ["한국", "\u1112\u1161\u11ab국"], ["한어"]),
    ("éclair re\u0301sume\u0301", ["ÉCLAIR", "e\u0301clair", "résumé"], ["eclair", "resume"]),
    ("كِتَاب", ["كِتَاب"], ["كتاب"]),
    ("👍🏽 done ❤\ufe0f 👩\u200d👧", ["done", "👍 done", "👍", "❤", "❤\ufe0f", "👩\u200d👧"], ["👎", "👧👩"]),
    ("temp → 20°C ≤ 5€ ✓", ["→", "20°C", "≤", "5€", "✓"], ["←", "≥"]),
    ("ฉันชอบภาษาไทยมาก", ["ภาษา", "ภาษาไทย", "ไทย"], ["ษาภา", "ไท ยท"]),
    ("ຂ້ອຍມັກພາສາລາວ", ["ພາສາ", "ລາວ"], ["ສາພາ"]),
    ("ខ្ញុំចូលចិត្តភាសាខ្មែរ", ["ភាសា", "ខ្មែរ"], ["សាភា"]),
    ("ကျွန်တော်မြန်မာစာကြိုက်တယ်", ["မြန်မာ", "စာ"], ["မာမြန်"]),
    ("བོད་ཡིག་ལ་དགའ", ["ཡིག", "བོད་ཡིག"], ["ཡིག་བོད"]),
    ("ꦧꦱꦗꦮ", ["ꦗꦮ"], ["ꦮꦗ"]),
]
# A filter, and the sessions that it lets in.
FILTERS: list[tuple[dict[str, Any] | None, str]] = [
    (None, "ab"),
    ({}, "ab"),
    ({"archived": "ACTIVE"}, "ab"),
    ({"archived": "ARCHIVED"}, "c"),
    ({"archived": "ANY"}, "abc"),
    ({"titleContains": "ONE"}, "a"),
    ({"workspaces": ["/w/b", "/w/"]}, "b"),
    ({"models": ["m1", "m3"], "archived": "ANY"}, "ac"),
    ({"models": []}, ""),
    ({"sources": ["CODEWHALE"], "archived": "ANY"}, "bc"),
    ({"createdAt": {"from": "2026-02-01T00:00:00Z"}, "archived": "ANY"}, "bc"),
    ({"updatedAt": {"until": "2026-05-01T00:00:00Z"}, "archived": "ANY"}, "a"),
    ({"archived": "ANY", "titleContains": "t", "sources": ["CODEWHALE"], "models": ["m2"]}, "b"),
]


@pytest.fixture
async def client(serve: Serve) -> Client:
    """Of a server without a seeder."""
    return (await serve(seed=False)).client


async def test_everything_said_is_found_and_nothing_else(client: Client) -> None:
    await imported(client, EVERYWHERE)
    for word, place in FOUND.items():
        assert await found(client, word) == [place]
        assert await found(client, word.upper()) == [place]
    for word in ("callword", "urlword", "odd", "promptword", "workspaceword", "deepseek"):
        assert await found(client, word) == []


async def test_scopes_say_where_to_look(client: Client) -> None:
    await imported(client, zagens("s", "Leap year", messages=[user("A leap")]), zagens("t", "Other"))
    assert set(await found(client, "leap")) == {("s", None), ("s", 0)}
    assert await found(client, "leap", scopes=["TITLE"]) == [("s", None)]
    assert await found(client, "leap", scopes=["MESSAGE"]) == [("s", 0)]
    assert await found(client, "leap", scopes=[]) == []
    assert (await search(client, "leap", scopes=["MESSAGE"]))["totalCount"] == 1


async def test_all_words_must_match_in_one_message(client: Client) -> None:
    await imported(client, zagens("s", "February", messages=[user("leap year"), user("leap"), user("year")]))
    assert await found(client, "year leap") == [("s", 0)]
    assert await found(client, "leap february") == []
    assert await found(client, "leap NOT year") == []


async def test_a_phrase_is_found_within_one_text_only(client: Client) -> None:
    messages = [user("leap year"), user("year leap"), user("leap a year"), user("leap", "year"), user("leap-year")]
    await imported(client, zagens("s", "Other", messages=messages))
    assert set(await found(client, '"leap year"')) == {("s", 0), ("s", 4)}
    assert set(await found(client, "leap/year")) == {("s", 0), ("s", 4)}
    assert await found(client, '"year leap"') == [("s", 1)]


async def test_a_prefix_matches_the_beginning_of_words(client: Client) -> None:
    messages = [user("exported"), user("an export here"), user("expo rt"), user("reexport")]
    await imported(client, zagens("s", "Other", messages=messages))
    assert set(await found(client, "export*")) == {("s", 0), ("s", 1)}
    assert await found(client, '"export*"') == [("s", 1)]
    assert await found(client, "an-exp*") == [("s", 1)]


@postgresql_slow
async def test_words_in_names_paths_and_scripts(client: Client) -> None:
    await imported(client, *(zagens(f"s{n}", "Other", messages=[user(text)]) for n, (text, _, _) in enumerate(WORDS)))
    for number, (_, finding, missing) in enumerate(WORDS):
        for query in finding:
            assert (f"s{number}", 0) in await found(client, query), query
        for query in missing:
            assert (f"s{number}", 0) not in await found(client, query), query


async def test_every_filter_of_sessions_narrows_a_search(client: Client) -> None:
    times = [{"created_at": f"2026-0{n}-01T00:00:00Z", "updated_at": f"2026-0{n + 3}-01T00:00:00Z"} for n in (1, 2, 3)]
    said = [user("leap")]
    await imported(
        client,
        zagens("a", "One leap", messages=said, model="m1", workspace="/w/a", **times[0]),
        codewhale("b", "Two leap", messages=said, model="m2", workspace="/w/b", **times[1]),
        codewhale("c", "Three leap", messages=said, model="m3", workspace="/w/c", archived=True, **times[2]),
    )
    for filter, ids in FILTERS:
        for order in ("RECENT", "RELEVANCE"):
            places = await found(client, "leap", filter=filter, orderBy=order)
            expected = [place for id in ids for place in ((id, None), (id, 0))]
            assert sorted(places, key=str) == sorted(expected, key=str), filter
        assert (await search(client, "leap", filter=filter))["totalCount"] == 2 * len(ids), filter


async def test_hits_follow_every_change(serve: Serve) -> None:
    server = await serve(seed=False)
    client = server.client

    async def places(query: str) -> list[Any]:
        return await found(client, query, orderBy="RECENT")

    await saved(server, zagens("s", "Before", messages=[user("first")]))
    assert await places("first") == [("s", 0)]
    await saved(server, zagens("s", "Before", messages=[user("first"), assistant("second")]))
    assert await places("second") == [("s", 1)]
    await saved(server, zagens("s", "Before", messages=[user("other")]))
    assert [await places(word) for word in ("first", "second", "other")] == [
        [("s", 0)],
        [("s", 1)],
        [("s", 2)],
    ]
    await update_session(client, "s", title="After")
    assert [await places(word) for word in ("before", "after")] == [[], [("s", None)]]
    await update_session(client, "s", isArchived=True)
    assert await places("after") == []
    assert await found(client, "after", filter={"archived": "ANY"}) == [("s", None)]
    await delete_session(client, "s")
    assert await found(client, "other", filter={"archived": "ANY"}) == []
    # The newest session's number is free again on SQLite.
    await saved(server, zagens("t", "Other", messages=[user("third")]))
    assert await places("third") == [("t", 0)]
    assert await places("after") == []


async def test_a_query_that_is_blank_or_too_long_is_bad_input(client: Client) -> None:
    for query in ("", "  ", "\n\u3000", " ".join(f"w{n}" for n in range(70)), "漢" * 300):
        answer = await client.execute(PAGE, {**DEFAULTS, "words": query})
        assert answer["data"] == {"search": None}
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_largest_allowed_query_is_answered(client: Client) -> None:
    words = [f"w{n}" for n in range(256)]
    await imported(client, zagens("s", messages=[user(" ".join(words))]))
    assert await found(client, f'"{" ".join(words)}"') == [("s", 0)]
    assert await found(client, " ".join(f"{word}*" for word in words[:64])) == [("s", 0)]
