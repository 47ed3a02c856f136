"""The caches of functions have a bound, and those of statements and patterns are small when they are full."""

import random

import pytest

from storage.database.database import Database
from storage.records.message import MessageRow
from storage.records.message_page import MessageFilter, RequestedTranscript, message_pages
from storage.records.page import PageRequest
from storage.records.session import SessionRow, session_page, sessions_by_id
from storage.records.session_filter import SessionFilter, Span
from storage.records.thread_item import ThreadItemRow, TurnKey, item_pages
from storage.records.timestamp import parse_timestamp
from storage.search.index.tokens import MAX_TOKEN_LENGTH
from storage.search.query.clauses import parse_query
from storage.search.query.matching import texts_match
from tests.support.caches import function_caches, memory_held

MAX_BYTES = 16 * 1024 * 1024
NOW = parse_timestamp("2026-01-01T00:00:00Z")
NO_SPAN = Span()


@pytest.mark.parametrize("package", ["server", "schema", "resolvers", "storage"])
def test_every_cache_of_a_function_with_parameters_has_a_bound(package: str) -> None:
    for name, function in function_caches(package):
        code = function.__wrapped__.__code__
        if code.co_argcount + code.co_kwonlyargcount:
            assert function.cache_parameters()["maxsize"] is not None, name


async def read_many(database: Database) -> None:
    """Read more kinds of rows and lists than are cached."""
    choose = random.Random(0)

    def some(row_type: type) -> frozenset[str]:
        names = list(vars(row_type)["_fields"])
        return frozenset(choose.sample(names, choose.randint(1, len(names))))

    for number in range(300):
        chosen = SessionFilter(
            archived=choose.choice(["ACTIVE", "ARCHIVED", "ANY"]),
            title_contains=choose.choice([None, f"title {number}"]),
            workspaces=choose.choice([None, [f"/home/{number}"]]),
            models=choose.choice([None, [f"model {number}"] * 10]),
            sources=choose.choice([None, ["zagens"]]),
            created_at=choose.choice([NO_SPAN, Span(NOW), Span(None, NOW), Span(NOW, NOW)]),
            updated_at=choose.choice([NO_SPAN, Span(NOW), Span(None, NOW), Span(NOW, NOW)]),
        )
        order, direction = choose.choice(["UPDATED_AT", "TITLE", "MESSAGE_COUNT"]), choose.choice(["ASC", "DESC"])
        page = await session_page(database, PageRequest(1), chosen, order, direction, some(SessionRow))
        await page.total_count()
        if number < 80:
            await sessions_by_id(database, [f"s{number}"], some(SessionRow))
            only = choose.choice([None, MessageFilter(("USER",)), MessageFilter(None, is_injected=True)])
            await message_pages(database, [RequestedTranscript("s", 1)], PageRequest(1), only, some(MessageRow))
            await item_pages(database, [TurnKey("thr_1", 0)], PageRequest(1), some(ThreadItemRow))


# One database is enough: the statements of both are equally large.
@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_full_statement_caches_are_small(database_url: str) -> None:
    caches = dict(function_caches("storage.records"))
    for cache in caches.values():
        cache.cache_clear()
    async with Database(database_url) as database:
        with memory_held() as held:
            await read_many(database)
            size = held()

    assert size < MAX_BYTES
    full = {name for name, cache in caches.items() if cache.cache_info().currsize == cache.cache_info().maxsize}
    assert full >= {f"storage.records.listing._select_{what}" for what in ("rows", "count")}


@pytest.mark.slow
def test_full_pattern_caches_of_searches_are_small() -> None:
    # Patterns are for texts that are not ASCII alone.
    assert texts_match(["é word"], parse_query("word"))
    with memory_held() as held:
        # The longest words.
        for number in range(20):
            word = f"w{number}".ljust(MAX_TOKEN_LENGTH, "e")
            assert texts_match([f"é {word}"], parse_query(word))
        # `re` caches 512 patterns, and 128 others may be in the cache of their words.
        assert held() / 20 * (512 + 128) < MAX_BYTES
