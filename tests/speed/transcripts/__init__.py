"""Importing the transcripts of agents, beside agentsview on the same tree: `make bench-import`.

The tree is generated: sessions of Claude Code with subagents, compactions, pictures, interrupted calls and titles, and
rollouts of Codex. Times are medians of several rounds in which both take turns; a ratio above 1 says that Reprise is
faster or smaller. "json.loads" is CPython reading every line, as a measure of the machine. What a search must find is
known from the generator, and every figure of a search is of an answer that holds it.
"""
