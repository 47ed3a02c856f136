"""The comparison of two answers accepts another choice of errors, and nothing else."""

import json
from typing import Any

import pytest

from tests.support.twins import Answer, check_alike

BOTH_FAIL = [{"message": "No a.", "path": ["object", "a"]}, {"message": "No b.", "path": ["object", "b"]}]
EXPECTED = {"data": {"object": None, "other": 1}, "errors": BOTH_FAIL[:1]}


def answer(value: Any) -> Answer:
    return Answer(200, (("content-type", "application/json"),), json.dumps(value).encode())


def test_the_error_of_another_field_of_the_same_object_is_accepted() -> None:
    check_alike(answer({**EXPECTED, "errors": BOTH_FAIL[1:]}), answer(EXPECTED), BOTH_FAIL)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({**EXPECTED, "data": {"object": None, "other": 2}}, id="other data"),
        pytest.param({**EXPECTED, "data": {"other": 1, "object": None}}, id="another order of members"),
        pytest.param({"data": EXPECTED["data"]}, id="no error"),
        pytest.param({**EXPECTED, "errors": BOTH_FAIL[:1] * 2}, id="an error twice"),
        pytest.param({**EXPECTED, "errors": [{"message": "No c.", "path": ["object", "c"]}]}, id="no field fails so"),
        pytest.param({**EXPECTED, "errors": [{**BOTH_FAIL[1], "message": "No."}]}, id="another message"),
        pytest.param({**EXPECTED, "errors": [{"message": "No."}]}, id="no path"),
    ],
)
def test_any_other_difference_is_rejected(value: Any) -> None:
    with pytest.raises(AssertionError):
        check_alike(answer(value), answer(EXPECTED), BOTH_FAIL)


def test_another_status_is_rejected() -> None:
    with pytest.raises(AssertionError):
        check_alike(answer(EXPECTED)._replace(status=500), answer(EXPECTED), BOTH_FAIL)
