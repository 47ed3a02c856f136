"""The committed schema.graphql is up to date, so that changes of the API are visible in reviews."""

from pathlib import Path

import schema
from schema.build import create_schema


def test_the_committed_sdl_is_what_the_code_prints() -> None:
    committed = Path(schema.__file__).with_name("schema.graphql").read_text("utf-8")

    assert committed == create_schema().as_str() + "\n"
