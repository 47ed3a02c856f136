"""The benchmark of facets measures what it says: every query finds something in the generated sessions.

Times depend on the machine and are not checked.
"""

from typing import Any

import pytest

from resolvers.context import Context
from schema.build import create_schema
from storage.database.database import Database
from tests.speed.facets import CASES, facet_figures
from tests.speed.facets_data import fill
from tests.speed.loop import run


@pytest.mark.parametrize("fixture", ["sqlite_databases", "postgres_databases"])
def test_every_case_finds_something(fixture: str, request: pytest.FixtureRequest) -> None:
    databases = request.getfixturevalue(fixture)
    with databases.copy() as url:
        found = run(_found, url)
        figures = run(facet_figures, create_schema(), url, 1)

    # The rare words of a million messages are in none of these.
    assert [case for case, count in found.items() if not count] in ([], ["sessionFacets with a rare word"])
    assert [figure.case for figure in figures] == list(CASES)


async def _found(url: str) -> dict[str, int]:
    """The sum of all numbers in the answers of each case."""
    schema = create_schema()
    sums = {}
    async with Database(url) as database:
        await fill([database], 60)
        for case, (operation, variables) in CASES.items():
            sums[case] = 0
            for given in variables:
                result = await schema.execute(operation, given, context_value=Context(database))
                assert result.errors is None, result.errors
                sums[case] += _sum(result.data)
    return sums


def _sum(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_sum, value.values()))
    if isinstance(value, list):
        return sum(map(_sum, value))
    return value if isinstance(value, int) else 0
