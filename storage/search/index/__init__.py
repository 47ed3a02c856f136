"""The inverted index: the tokenizer, and the immutable segments that hold each term's postings."""
