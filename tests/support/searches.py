"""Searching in tests: operations, texts in many scripts, and a naive search to compare with."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import strategies as st

from storage.errors import InvalidQuery
from storage.search.index.tokens import BARRIER, part_text, token_text, word_tokens, words
from storage.search.query import found_entries, found_sessions, hit_finder, session_pages
from storage.search.query.clauses import Clause, parse_query
from tests.support.client import Client
from tests.support.documents import Block, Document, message, text, thinking, tool_result, tool_use, zagens

Place = tuple[str, int | None]
"""A session's id and a message's position; None for the title."""

PAGE = """query ($words: String!, $first: Int!, $after: String, $filter: SessionFilter, $orderBy: SearchOrder!,
  $scopes: [SearchScope!]!) {
  search(query: $words, first: $first, after: $after, filter: $filter, orderBy: $orderBy, scopes: $scopes) {
    totalCount
    nodes { session { id } message { position } score snippet highlights { start end } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
DEFAULTS = {"first": 20, "orderBy": "RELEVANCE", "scopes": ["TITLE", "MESSAGE"]}

# Words in many scripts and forms, some equal after normalization, and characters that queries must survive.
FRAGMENTS = [
    *"Straße STRASSE strasse Strassen İstanbul istanbul ISTANBUL ısı Ωmega ΣΊΣΥΦΟΣ σίσυφος Σίσυφος".split(),
    *"ПРИВЕТ привет Привет ёлка e\u0301clair éclair eclair ÉCLAIR re\u0301sume\u0301 naïve ½ ﬁn fin ＡＢＣ abc".split(),
    *"漢字 漢 字 中文字符 データ ﾃﾞｰﾀ テ\u3099ータ か\u3099く がく 한국어 \u1112\u1161\u11ab국어 한".split(),
    *"كِتَاب كتاب שָׁלוֹם שלום हिन्दी ไทย ภาษาไทย ทย 👍 👩\u200d👩\u200d👧 🇩🇪 ≠".split(),
    *"❤\ufe0f ❤\ufe0flove 1\ufe0f\u20e3 a\u200db =\u0338".split(),
    *"readFile ReadFile readfile file read_file HTTPServer server SHA256sum sha256 x_ _x __init__ __ _".split(),
    *"src/export/range.py range.py range E0308 ENOENT: 0x7f 42 3.14 v2.0.1 don't DON'T".split(),
    *"AND OR NOT NEAR ( ) : ^ - + ' \" \\ * % & | ! <-> {a} [b] \x00 x\x00y \ud800 q\udfffq".split(" "),
]


class Said(NamedTuple):
    """A block, and the texts in it that are searched."""

    block: Block
    texts: list[str]


class Told(NamedTuple):
    """A session and all the texts in it that are searched, by place."""

    document: Document
    texts: dict[Place, list[str]]
    updated_at: str


def walk_always(patch: pytest.MonkeyPatch) -> None:
    """Makes searches do what they do where very many entries match: they fill a mask of the entries, read sessions
    newest first, and verify their messages, a few at a time.
    """
    patch.setattr(found_entries, "MAX_PLACES", -1)
    patch.setattr(found_sessions, "MAX_SESSIONS", -1)
    for name, size in {"FIRST_PAGE": 1, "_LAST_PAGE": 2}.items():
        patch.setattr(session_pages, name, size)
    for name, size in {"MAX_RANKED": 5, "MAX_VERIFIED": 3}.items():
        patch.setattr(hit_finder, name, size)


async def search(client: Client, query: str, **arguments: Any) -> Any:
    """A page of hits."""
    return (await client.data(PAGE, words=query, **{**DEFAULTS, **arguments}))["search"]


async def found(client: Client, query: str, **arguments: Any) -> list[Place]:
    """Where a query finds something, in order."""
    return [place_of(node) for node in (await search(client, query, first=500, **arguments))["nodes"]]


async def walked(client: Client, query: str, size: int, **arguments: Any) -> list[Any]:
    """All hits, page by page."""
    nodes, after, has_more = [], None, True
    while has_more:
        page = await search(client, query, first=size, after=after, **arguments)
        assert len(page["nodes"]) <= size
        nodes += page["nodes"]
        has_more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        assert page["nodes"] or not has_more
    return nodes


def place_of(node: Any) -> Place:
    return node["session"]["id"], node["message"] and node["message"]["position"]


def plainly_found(sessions: Sequence[Told], query: str) -> set[Place]:
    """Where the query matches, by a naive search."""
    try:
        clauses = parse_query(query)
    except InvalidQuery:
        return set()
    return {
        place
        for told in sessions
        for place, texts in told.texts.items()
        if clauses and all(any(holds(one, clause) for one in texts) for clause in clauses)
    }


def holds(text: str, clause: Clause) -> bool:
    """Whether a text has a clause's words in a row, or a name in it has them among its parts."""
    return any(_is_in(sequence, clause) for sequence in _sequences(text))


def _sequences(text: str) -> Iterator[list[str]]:
    found = [word.text for word in words(text)]
    yield [token for word in found for token in word_tokens(word)]
    yield from (part_text(word).split() for word in found)


def _is_in(sequence: list[str], clause: Clause) -> bool:
    wanted = list(clause.tokens)
    for start in range(len(sequence) - len(wanted) + 1):
        piece = sequence[start : start + len(wanted)]
        is_last = piece[-1].startswith(wanted[-1]) if clause.is_prefix else piece[-1] == wanted[-1]
        if is_last and piece[:-1] == wanted[:-1]:
            return True
    return False


def vocabularies() -> st.SearchStrategy[list[str]]:
    """A few words, so that texts and queries made of them meet."""
    return st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=7, unique=True)


def texts_of(vocabulary: list[str]) -> st.SearchStrategy[str]:
    separators = st.sampled_from([" ", " ", " ", "", "\n", "-", ".", "/", "_", "\x00", "…", "🎉"])
    pieces = st.lists(st.tuples(st.sampled_from(vocabulary), separators), max_size=8)
    return pieces.map(lambda pairs: "".join(word + separator for word, separator in pairs))


@st.composite
def queries_of(draw: st.DrawFn, vocabulary: list[str]) -> str:
    """Words and phrases with whatever people type around them; never blank."""
    forms = st.sampled_from(["{} ", "{} ", '"{}" ', '"{} ', "{}* ", '"{}"* ', "-{} ", "+{} ", "{}", "NOT {} ", "({}) "])
    pieces = draw(st.lists(st.tuples(forms, texts_of(vocabulary)), min_size=1, max_size=3))
    query = "".join(form.replace("{}", piece) for form, piece in pieces)
    if draw(st.booleans()):
        query = query[: draw(st.integers(1, 6))]
    return query if query.strip() else draw(st.sampled_from(vocabulary))


@st.composite
def told_sessions(draw: st.DrawFn, vocabulary: list[str], count: int = 4) -> list[Told]:
    """Sessions that say things made of a vocabulary; some were active at the same moment."""
    texts = texts_of(vocabulary)
    sessions = []
    for number in range(draw(st.integers(1, count))):
        title = draw(texts)
        messages = draw(st.lists(st.lists(_said(texts), max_size=3), max_size=4))
        moment = f"2026-01-0{draw(st.integers(1, 3))}T00:00:00Z"
        sessions.append(told(f"s{number}", title, messages, moment))
    return sessions


def told(id: str, title: str, messages: Sequence[Sequence[Said]], moment: str = "2026-01-01T00:00:00Z") -> Told:
    """A session with a title of its own: a blank one gives way to `Untitled`."""
    title = title.strip() or "Untitled"
    document = zagens(
        id,
        title,
        messages=[message("assistant", *(said.block for said in blocks)) for blocks in messages],
        updated_at=moment,
    )
    texts: dict[Place, list[str]] = {(id, None): [title]}
    for position, blocks in enumerate(messages):
        texts[(id, position)] = [one for said in blocks for one in said.texts]
    return Told(document, texts, moment)


def _said(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Said]:
    return st.one_of(
        texts.map(lambda one: Said(text(one), [one])),
        texts.map(lambda one: Said(thinking(one), [one])),
        texts.map(lambda one: Said(tool_result("t", one), [one])),
        st.tuples(texts, texts, texts).map(
            lambda three: Said(tool_use("t", three[0], {three[1]: [three[2], 17, True, None]}), [*three, "17"])
        ),
    )


def entry_tokens(texts: Sequence[str]) -> str:
    """The tokens of an entry, a blank on either side of each and a barrier between texts."""
    tokens = f" {BARRIER} ".join(filter(None, map(token_text, texts)))
    return f" {tokens} "
