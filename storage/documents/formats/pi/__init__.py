"""pi's transcripts: `sessions/--<workspace>--/<time>_<id>.jsonl`."""
