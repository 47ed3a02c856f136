"""Tests of the promises in README.md and in the schema's descriptions.

`schema/`, `resolvers/` and `storage/` mirror the packages; `contract/` holds suites of others, `faults/` kills and
freezes processes, `speed/` measures and asserts nothing. What they share lies in `support/` and `conftest.py`: start
there, with the fixtures `database_url` and `server`.
"""
