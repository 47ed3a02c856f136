"""Consistency checks of the rows and the search index, and their repair."""
