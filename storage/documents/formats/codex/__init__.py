"""The format of OpenAI's Codex: a rollout file a thread, `rollout-….jsonl`, which only grows.

`home` finds the rollouts, `rollout` reads one as small entries, `lineage` tells which lines of which rollouts a thread
consists of, `conversation` makes messages of the entries, and `session` puts it all together.
"""

from storage.documents.formats.codex.codex_format import CodexFormat

__all__ = ["CodexFormat"]
