"""Storage: everything that knows SQL. Nothing here knows GraphQL, HTTP or settings.

The packages build on each other, and each imports only those before it:

1. `database/`: engines, pools, transactions, the notification bus, column types, tables, migrations.
2. `records/`: sessions, messages, threads, turns and items as clients read them, page by page.
3. `search/`: `index/` builds and stores the full-text index, `query/` answers searches from it.
4. `documents/`: import and export of session documents, and changes to sessions.
5. `resume/`: resume tasks, and the seeder that writes a session into a thread.
6. `doctor/`: consistency checks and repairs.
7. `samples/`: the sample sessions.

Start reading at `database/tables.py` (what is stored) and `resume/resume.py` (what the product is about).
"""
