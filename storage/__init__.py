"""All that knows SQL: tables, statements, import and export of documents, seeding, the bus, migrations.

Nothing here knows GraphQL, HTTP or settings. Start reading at `tables.py` (what is stored), `database.py`
(how a transaction runs) and `resume.py` with `seeding/` (what the product is about).
"""
