"""Invariants of the tables after a chaos run, when no task is queued or seeding any more.

Violations are returned as text instead of asserted, so that a failing run shows all of them.
"""

import itertools
from collections.abc import Callable, Collection, Iterator, Mapping

import sqlalchemy as sa

from storage.database.database import Database
from storage.database.tables.resume_task import resume_task
from storage.database.tables.session import session
from storage.database.tables.thread import thread, thread_event
from storage.doctor.doctor import examine
from storage.records.resume_task import CANCELED, DELETED_MESSAGE, ERROR, READY, SEEDING, SESSION_DELETED
from tests.support.history import Moment, histories
from tests.support.seeding import ThreadRows, counts, thread_rows

# Pairs of successive committed states. QUEUED or SEEDING to ERROR is for a session that was deleted.
TRANSITIONS = {
    ("QUEUED", "SEEDING"),
    ("SEEDING", "SEEDING"),
    ("SEEDING", "READY"),
    ("QUEUED", "CANCELED"),
    ("SEEDING", "CANCELED"),
    ("QUEUED", "ERROR"),
    ("SEEDING", "ERROR"),
    ("CANCELED", "QUEUED"),
}


IDLE_SECONDS = 5
"""After which PostgreSQL, or another host, ends the transaction of a host that froze inside it."""
SLACK = 10
"""Seconds that a busy machine may take for a step that is due at once."""

HealthySeconds = Callable[[float, float], float]
"""Seconds between two moments in which at least one host could have seeded."""


async def problems(
    database: Database,
    expected: Mapping[str, ThreadRows],
    deleted: Collection[str],
    gate: int,
    lease_seconds: float,
    healthy_seconds: HealthySeconds,
) -> list[str]:
    """All violations after all tasks have ended; `expected` has the whole thread of every session by session id."""
    found = [str(finding.text) async for finding in examine(database)]
    found += await _problems_of_links(database, expected, deleted)
    async with database.snapshot() as connection:
        tasks = (await connection.execute(sa.select(resume_task))).all()
    for task in tasks:
        name = f"{task.session_id} ({task.thread_id}, {task.state})"
        whole = expected[task.session_id]
        rows = await thread_rows(database, task.thread_id)
        found += [f"{name}: {problem}" for problem in _problems_of_rows(rows, whole, task.state)]
        if len(set(await counts(database, task.thread_id))) > 1:
            found.append(f"{name}: items_written is {task.items_written} of {len(rows.items)} rows")
        ending = (task.state, task.error_code, task.error_message)
        allowed = {(READY, None, None)} | (
            {(CANCELED, None, None), (ERROR, SESSION_DELETED, DELETED_MESSAGE)} if task.session_id in deleted else set()
        )
        if ending not in allowed:
            found.append(f"{name}: ended with {task.error_code}: {task.error_message}")
        if task.owner is not None or task.lease_until is not None:
            found.append(f"{name}: is still held")
    recorded = await histories(database)
    for moments in recorded.values():
        name = moments[0].session_id
        found += [f"{name}: {problem}" for problem in problems_of_history(moments, gate)]
        found += [f"{name}: {problem}" for problem in problems_of_takeovers(moments, lease_seconds, healthy_seconds)]
    if recorded.keys() != {task.thread_id for task in tasks}:
        found.append(f"{len(recorded)} tasks were recorded and there are {len(tasks)}")
    return found


async def _problems_of_links(
    database: Database, expected: Mapping[str, ThreadRows], deleted: Collection[str]
) -> list[str]:
    """A session has one thread and one task, linked both ways; those of a deleted session stay, unlinked."""
    columns = (session.c.id, session.c.thread_id)
    async with database.snapshot() as connection:
        sessions = {row.id: row.thread_id for row in await connection.execute(sa.select(*columns))}
        owned = sa.select(resume_task.c.session_id, thread.c.id, thread.c.session_id.label("linked"))
        tasks = (
            await connection.execute(owned.join_from(resume_task, thread, thread.c.id == resume_task.c.thread_id))
        ).all()
        totals = [
            (await connection.execute(sa.select(sa.func.count(sa.distinct(column))))).scalar_one()
            for column in (thread.c.id, resume_task.c.thread_id, thread_event.c.thread_id)
        ]
    found = (
        []
        if totals == [len(tasks)] * 3
        else [f"{totals} threads, tasks and logs, of which {len(tasks)} belong together"]
    )
    if sessions.keys() != expected.keys() - set(deleted):
        found.append(f"sessions lost or back again: {sessions.keys() ^ (expected.keys() - set(deleted))}")
    of_session: dict[str, list[tuple[str, str | None]]] = {id: [] for id in expected}
    for task in tasks:
        of_session[task.session_id].append((task.id, task.linked))
    for id, threads in of_session.items():
        wanted = [(sessions[id], id)] if id in sessions else [(one, None) for one, _ in threads[:1]]
        if threads != wanted:
            found.append(f"{id}: threads {threads}, not {wanted}")
    return found


def _problems_of_rows(rows: ThreadRows, whole: ThreadRows, state: str) -> Iterator[str]:
    """READY threads equal one seeded without faults, others are a prefix of it; each item has an event in the log."""
    if state == READY:
        if rows != whole:
            yield f"{[len(part) for part in rows]} rows that differ from {[len(part) for part in whole]}"
    elif any(part != complete[: len(part)] for part, complete in zip(rows, whole, strict=True)):
        yield f"{[len(part) for part in rows]} rows are not a prefix of {[len(part) for part in whole]}"
    if [event[0] for event in rows.events] != list(range(1, len(rows.events) + 1)):
        yield "the log has gaps"
    places = [(event[2], event[3]) for event in rows.events if event[1].startswith("item.")]
    if places != [(item[0], item[1]) for item in rows.items]:
        yield "the log has other items than the thread"


def problems_of_history(moments: list[Moment], gate: int) -> Iterator[str]:
    """Progress is exact and never falls, only whole threads are READY, transitions are legal, the gate is respected."""
    for one in moments:
        if one.items_written != one.items:
            yield f"{one} was committed with {one.items} rows"
        if (one.state == READY) > (one.items == one.items_total):
            yield f"{one} was incomplete"
        if (one.state == READY) < (one.items == one.items_total > 0):
            yield f"{one} was complete"
        if one.items_total != moments[0].items_total:
            yield f"{one} has a different total than {moments[0]}"
        if one.state == "SEEDING" and one.seeding > gate:
            yield f"{one} exceeded the gate"
    for before, after in itertools.pairwise(moments):
        if after.items_written < before.items_written:
            yield f"{after} fell behind {before}"
        visible = (after.state, after.attempt, after.items_written) != (
            before.state,
            before.attempt,
            before.items_written,
        )
        if after.revision - before.revision not in ({1} if visible else {0, 1}):
            yield f"{after} has a wrong revision after {before}"
        if (before.state, after.state) not in TRANSITIONS or after.attempt - before.attempt != (
            after.state == "QUEUED"
        ):
            yield f"{after} is not a legal successor of {before}"


def problems_of_takeovers(
    moments: list[Moment], lease_seconds: float, healthy_seconds: HealthySeconds
) -> Iterator[str]:
    """A task whose owner died, froze or released it is claimed by another one in time."""
    for before, after in itertools.pairwise(moments):
        if (before.state, after.state) != (SEEDING, SEEDING) or before.owner == after.owner or after.owner is None:
            continue
        allowed = SLACK + (0 if before.owner is None else 1.5 * lease_seconds + IDLE_SECONDS)
        if (waited := healthy_seconds(before.at, after.at)) > allowed:
            yield f"{after} came {waited:.1f} seconds after {before}"
