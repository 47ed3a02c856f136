"""Qwen Code's transcripts: `projects/<workspace>/chats/<id>.jsonl`, and Gemini CLI's form in older versions."""
