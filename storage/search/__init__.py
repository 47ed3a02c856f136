"""Full-text search, the same on both databases: tokens are made here, the databases only look them up.

`tokens.py` says what a word is, `parts.py` what is indexed, `index.py` when, `query.py` what was asked, `match.py` how
each database is asked, `walk.py` how words are found without asking, `hits.py` which hits make a page, `score.py` how
well they match, `snippet.py` what of a hit is shown.
"""
