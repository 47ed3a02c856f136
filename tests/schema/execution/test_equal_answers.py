"""Prepared or not, any operation over the whole schema is answered alike, byte for byte."""

import itertools
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from graphql import parse
from hypothesis import given

from schema.build import create_schema
from schema.execution.operations import PreparedOperations
from tests.support.examples import examples
from tests.support.operations.dice import seeded
from tests.support.operations.reached import composites, fields, reached
from tests.support.operations.request import Request, request, requests
from tests.support.twins import Answer, Twins, check

SCHEMA = create_schema()._schema
TYPES = [kind.name for kind in composites(SCHEMA)]
# Requests for each type, and for a type with a field that these did not reach.
SWEEPS = 3
MOST_SWEEPS = 40
_numbers = itertools.count()

pytestmark = [
    pytest.mark.usefixtures("collected"),
    # graphql-core cancels the fields beside a failed one, and drops what those were to await.
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
]


@examples(20, soak=5_000)
@given(drawn=requests(SCHEMA))
async def test_any_operation_is_answered_alike(both: Twins, drawn: Request) -> None:
    # A comment makes it a new document, so that hypothesis can reproduce a failure of first requests.
    await check(both, replace(drawn, query=f"{drawn.query}\n#{next(_numbers)}"))


@pytest.mark.slow
async def test_every_field_is_answered_alike(both: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same operations in each run, which reach every field of every object type."""
    planned = count_planned(monkeypatch)
    all_fields = fields(SCHEMA)
    seen: set[str] = set()
    tally: Counter[str] = Counter()
    for sweep, (number, name) in itertools.product(range(MOST_SWEEPS), enumerate(TYPES)):
        if sweep >= SWEEPS and not any(field.startswith(f"{name}.") for field in all_fields - seen):
            continue
        made = request(seeded(sweep * len(TYPES) + number), SCHEMA, name)
        for answer in await check(both, made):
            tally[kind(answer)] += 1
            seen |= shown(made, answer)

    assert all_fields <= seen, sorted(all_fields - seen)
    assert min(tally["data"], tally["both"], tally["refused"]) > 20, tally
    # Each is requested first, again, and with other variables: a plan can answer two of three.
    assert len(planned) > tally["data"] / 2, (len(planned), tally)


def count_planned(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Records the results of plans."""
    results: list[object] = []
    execute = PreparedOperations.execute

    async def counted(*arguments: Any) -> Any:
        result = await execute(*arguments)
        if result is not None:
            results.append(result)
        return result

    monkeypatch.setattr(PreparedOperations, "execute", counted)
    return results


def kind(answer: Answer) -> str:
    value = answer.value
    if value is None:
        return "broken"
    if not value.get("data"):
        return "refused"
    return "both" if "errors" in value else "data"


def shown(made: Request, answer: Answer) -> set[str]:
    """Fields and arguments whose values are in the answer."""
    value = answer.value
    if not value or not value.get("data"):
        return set()
    return reached(SCHEMA, parse(made.query), made.operation_name, value["data"])
