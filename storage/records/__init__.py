"""Sessions, messages, content blocks, threads, turns, items and resume tasks, and the pages in which they are read."""
