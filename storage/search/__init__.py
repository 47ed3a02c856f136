"""Full-text search, by an index of our own that is the same on both databases; those only keep it.

`tokens.py` says what a word is, `entries.py` what is indexed. `vocabulary.py`, which asks `seen.py`, and `segment.py`
make segments of it, `block.py` what they are stored in, `drafts.py` makes them ready, `index.py` adds them,
`merging.py` keeps them few, `checking.py` tells what they say. `query.py` says what was asked, `lookup.py` which
entries hold it, `content.py` reads what those say, `hits.py` decides which make a page, `score.py` how well they
match, `snippet.py` what of a hit is shown.
"""
