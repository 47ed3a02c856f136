"""Tests of the promises in README.md, in docs/ and in the schema's descriptions.

`schema/`, `resolvers/` and `storage/` mirror the packages, through the API wherever a client could see the promise.
`playground/` and `reader/` visit the pages with a browser. `contract/` holds what others wrote: the schema as agreed
and suites for any server. `faults/` kills and freezes processes; `speed/` measures and asserts nothing about time.
`documents/` has saved sessions in files and what importing each must give. `docs/` runs README.md and docs/.

What they share lies in `support/` and `conftest.py`: start there, with the fixtures `database_url` and `server`.
"""
