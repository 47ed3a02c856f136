"""Answering a search: clauses, posting lookups, phrase checks, scores and snippets."""
