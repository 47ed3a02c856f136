"""Storage: everything that knows SQL. Nothing here knows GraphQL, HTTP or settings.

Each package imports only those before it:

1. `database/`: engines, pools, transactions, the notification bus, column types, tables, migrations.
2. `archive/`: the bytes of agents' transcripts, and the registry of their files.
3. `records/`: sessions, messages, threads, turns and items as clients read them, page by page.
4. `search/`: `index/` builds and stores the full-text index, `query/` answers searches from it.
5. `documents/`: import and export of session documents, and changes to sessions.
6. `transcripts/`: import of transcripts, and the sessions that are derived from them.
7. `resume/`: resume tasks, and the seeder that writes a session into a thread.
8. `handoff/`: sessions in the formats of other agents.
9. `doctor/`: consistency checks and repairs.
10. `samples/`: the sample sessions.

Start reading at `database/tables/` (what is stored) and `resume/resume.py` (what the product is about).
"""
