"""The outcomes of imports."""

CREATED = "CREATED"
UPDATED = "UPDATED"
UNCHANGED = "UNCHANGED"
OUTDATED = "OUTDATED"
CONFLICT = "CONFLICT"
DELETED = "DELETED"

EMPTY = "EMPTY"
"""The outcome for transcripts that hold no message."""
