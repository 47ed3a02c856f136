"""Full-text search, the same on both databases: tokens are made here, the databases only look them up.

`tokens.py` says what a word is, `parts.py` what is indexed, `query.py` what was asked, `match.py` how each database is
asked, `hits.py` which hits make a page, `snippet.py` what of a hit is shown.
"""
