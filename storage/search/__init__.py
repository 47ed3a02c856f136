"""Full-text search with an inverted index of its own, the same on SQLite and PostgreSQL.

`index/` says what a token is and builds, stores, compacts and verifies segments. `query/` parses queries, looks up
postings, ranks hits and cuts snippets.
"""
