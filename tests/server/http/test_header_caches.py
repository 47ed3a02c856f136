"""Headers of requests are cached by their text, within a bound in bytes."""

import pytest

from server.access import host_name
from server.http.negotiation import answer_type
from tests.support.caches import memory_held


@pytest.mark.parametrize("length", [20, 250, 50_000])
def test_long_headers_are_not_held(length: int) -> None:
    with memory_held() as held:
        for number in range(400):
            assert answer_type(b"application/json;x=%0*d" % (length, number))
            assert host_name(f"a{number:0{length}}:80") in (f"a{number:0{length}}", "")
        assert held() < 400_000
