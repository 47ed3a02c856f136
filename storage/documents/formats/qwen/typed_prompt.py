"""What a person typed to begin a skill of Qwen Code, which the program records as the text of the skill."""

import re

_SKILL = "Base directory for this skill: "
_NOTE = "\n\nYour invocation arguments have been written verbatim to a session-private file."
"""Stands behind the command, where it had arguments."""
_SEPARATOR = re.compile(r"[/\\]")


def typed_prompt(text: str) -> str:
    """The command that begins a skill, for the text of the skill; else the text.

    A command without arguments is in no record: it is named by the folder of the skill.
    """
    if not text.startswith(_SKILL):
        return text
    called, note, _ = text.partition(_NOTE)
    if note and "\n\n/" in called:
        return "/" + called.rpartition("\n\n/")[2].strip()
    folder = text.removeprefix(_SKILL).partition("\n")[0]
    return f"/{_SEPARATOR.split(folder)[-1]}"
