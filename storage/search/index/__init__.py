"""The inverted index: tokens, entries, and the immutable segments that hold the postings."""
