"""OpenCode's transcripts: rows of its SQLite database, and the JSON files of older versions."""
