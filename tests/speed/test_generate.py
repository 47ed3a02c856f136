"""Generated sessions are the same on every machine, and as long as promised."""

import pytest

from storage.database.database import Database
from tests.speed.generate import long_session, sessions
from tests.support.seeding import resume, save, task_of


def test_a_seed_gives_the_same_sessions_and_another_one_gives_others() -> None:
    first = list(sessions(3, 10, seed=1))

    assert list(sessions(3, 10, seed=1)) == first
    assert list(sessions(3, 10, seed=2)) != first
    assert len(first[0]["messages"]) == 500


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("items", [1, 50, 777])
async def test_a_long_session_gives_a_thread_of_exactly_as_many_items(database_url: str, items: int) -> None:
    async with Database(database_url) as database:
        thread_id = await resume(database, await save(database, long_session(items, "long")))

        assert (await task_of(database, thread_id)).items_total == items
