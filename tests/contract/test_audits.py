"""GraphQL over HTTP, as audited by graphql-http."""

import pytest

from tests.support.clients import Outcomes, outcomes
from tests.support.spawned import Spawned

# tests/server/http/ tests the same without a server in a process of its own.
pytestmark = pytest.mark.slow
AUDITS = """
0220 0221 0222 03D4 13EE 1B7A 22EB 28B9 2C94 2EA1 34A2 3E3A 423L 428F 4655 4760 4761 4762 4763 47DE 51FE 556A 572B
58B0 58B1 58B2 58B3 5A70 5E5B 6A70 6C00 6C01 6C02 6C03 74FF 78D5 7B9B 80D8 8161 82A3 865D 86EE 8764 94B0 94B1 94B2
9ABE 9C48 A5BF B6DC B7N8 B8B3 BCF8 BF61 D586 D6D5 FDE2 LKJ0 LKJ1 LKJ2 LKJ3
""".split()


@pytest.fixture(scope="module")
def audited(waiting_server: Spawned) -> Outcomes:
    return outcomes("audits.mjs", url=waiting_server.url)


@pytest.mark.parametrize("audit", AUDITS)
def test_audit_passes(audited: Outcomes, audit: str) -> None:
    assert audited[audit] is None, audited[audit]


def test_no_audit_is_missing_here(audited: Outcomes) -> None:
    assert set(audited) == set(AUDITS)
