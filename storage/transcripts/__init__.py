"""Import of agents' transcripts: what is new is archived, and sessions are derived from the archive."""
