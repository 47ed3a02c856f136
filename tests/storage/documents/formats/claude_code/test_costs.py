"""What a session cost, of which a fork begins with the sum of its source."""

import pytest

from storage.documents.derived_session import DerivedSession
from tests.support.claude_code import OTHER_SESSION, SESSION, USAGE, Lines, derive, text

FORK_NAME = f"projects/-home-dev-shop/{OTHER_SESSION}.jsonl"


def state(lines: Lines, cost: float, output: int, started: int = 1_000) -> None:
    """Add the line that the program writes when a run ends."""
    usage = {"claude-opus-5-5": {"inputTokens": 10, "outputTokens": output, "costUSD": cost}}
    lines.meta(type="cost-state", sessionId=lines.session, totalCostUSD=cost, startTime=started, modelUsage=usage)


def source() -> Lines:
    """A session of one run."""
    lines = Lines()
    lines.user("Begin")
    lines.assistant(text("Begun."))
    state(lines, 2.0, 40)
    return lines


def fork(cost: float, output: int, started: int = 1_000) -> Lines:
    """A fork of it, with one run of its own."""
    lines = Lines(OTHER_SESSION)
    said = [line for line in source().lines if "uuid" in line]
    lines.lines = [{**line, "sessionId": OTHER_SESSION, "requestSessionId": SESSION} for line in said]
    lines.user("Elsewhere", parentUuid="line-1", uuid="own-1", timestamp="2026-08-01T11:00:00.000Z")
    lines.assistant(text("There."), id="own", uuid="own-2", timestamp="2026-08-01T11:00:01.000Z")
    state(lines, cost, output, started)
    return lines


def derived(forked: Lines, *, of: Lines) -> DerivedSession:
    return derive(forked.transcript(FORK_NAME, bases={SESSION: of.transcript()}))


def test_the_newest_sum_is_what_a_session_cost() -> None:
    lines = source()
    state(lines, 3.0, 80)

    assert lines.derive().recorded_cost == 3.0


def test_a_fork_cost_what_came_after_its_source() -> None:
    assert derived(fork(2.5, 80), of=source()).recorded_cost == 0.5


def test_a_fork_whose_source_is_not_there_has_the_whole_sum() -> None:
    assert derive(fork(2.5, 80).transcript(FORK_NAME)).recorded_cost == 2.5


def test_what_the_source_cost_later_is_not_taken_off() -> None:
    later = source()
    later.user("More", timestamp="2026-08-01T12:00:00.000Z")
    later.assistant(text("Done."), timestamp="2026-08-01T12:00:01.000Z", usage={**USAGE, "output_tokens": 5})
    state(later, 2.2, 45)

    assert derived(fork(2.5, 80), of=later).recorded_cost == 0.5


def test_what_the_source_recorded_when_it_ended_later_is_not_taken_off() -> None:
    later = source()
    later.user("More")
    later.assistant(text("Done."))
    state(later, 2.4, 80)

    assert derived(fork(2.5, 80), of=later).recorded_cost == 0.5


@pytest.mark.parametrize(
    ("cost", "output", "started"),
    [
        (2.5, 80, 7_000),
        (1.5, 80, 1_000),
        (2.5, 40, 1_000),
    ],
    ids=["another start", "a smaller sum", "no room for its own tokens"],
)
def test_a_fork_that_began_to_count_again_has_its_own_sum(cost: float, output: int, started: int) -> None:
    assert derived(fork(cost, output, started), of=source()).recorded_cost == cost


def test_a_source_that_recorded_nothing_takes_nothing_off() -> None:
    silent = source()
    silent.lines = [line for line in silent.lines if "uuid" in line]

    assert derived(fork(2.5, 80), of=silent).recorded_cost == 2.5
