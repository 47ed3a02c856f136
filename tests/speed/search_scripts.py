"""Searching long Chinese texts, compared with English texts of as many bytes."""

import random
import string
import time
from collections.abc import Callable, Sequence

from storage.database.database import Database
from storage.documents.formats import read_document
from storage.documents.imports import import_document
from storage.records.session_filter import SessionFilter
from storage.search.query.hit import Search
from storage.search.query.hits import search_page
from storage.search.query.snippet import cut_snippet
from tests.support.documents import tool_result, user, zagens

_QUERIES = {"English": ('"contract terms"', "contract", "contract terms"), "Chinese": ("合同条款", "合", "合 条")}


async def seconds_by_script(urls: Sequence[str], sessions: int, messages: int, size: int) -> dict[str, float]:
    """CPU seconds of searches with scores and snippets, with empty caches, in texts of `size` bytes each."""
    seconds = {}
    texts: dict[str, Callable[[random.Random], str]] = {
        "English": lambda chance: _english(chance, size),
        "Chinese": lambda chance: _chinese(chance, size // 3),
    }
    for url, (script, text) in zip(urls, texts.items(), strict=True):
        async with Database(url) as database:
            for number in range(sessions):
                chance = random.Random(number)
                said = [user(tool_result("t", text(chance))) for _ in range(messages)]
                await import_document(database, read_document(zagens(f"s{number}", messages=said)))
            seconds[script] = 0.0
            for query in _QUERIES[script]:
                began = time.process_time()
                assert await _shown(database, query) == min(20, sessions * messages)
                seconds[script] += time.process_time() - began
    return seconds


async def _shown(database: Database, query: str) -> int:
    """Hits on the first page, each with its score and a snippet with the words highlighted."""
    search = Search.parse(query, SessionFilter(), ("MESSAGE",))
    page = await search_page(database, search, "RELEVANCE", 20, None)
    snippets = (cut_snippet(page.texts[hit.place], search.clauses) for hit in page.nodes if hit.score)
    return sum(bool(snippet.highlights) for snippet in snippets)


def _english(chance: random.Random, size: int) -> str:
    words = ["".join(chance.choices(string.ascii_lowercase, k=chance.randint(2, 8))) for _ in range(3000)]
    return " ".join(chance.choices(words, k=size // 6)) + " contract terms"


def _chinese(chance: random.Random, size: int) -> str:
    lines = ("".join(chr(0x4E00 + chance.randrange(3000)) for _ in range(80)) for _ in range(size // 80))
    return "，\n".join(lines) + " 合同条款"
