"""Handoffs between Claude Code and Codex by Reprise, agent-session-bridge and ai-sessions, side by side.

`python -m tests.agents.side_by_side` installs the two others from PyPI into a temporary folder, hands ten sessions over
with each, lets the real program go on, and prints what its first request to the model holds. It takes ten minutes.
"""
