"""Gemini CLI's transcripts: `tmp/<project>/chats/session-*.jsonl`, and `.json` files of older versions."""
