"""Query execution: parse clauses, look up postings, verify phrases, rank hits and cut snippets."""
