"""What a person typed, from what pi made of it in its records."""

import re

_FILES = re.compile(r'(?:<file name="[^"\n]*">(?:\n.*?\n)?</file>\n)+', re.DOTALL)
"""The files that a command line names, in front of its prompt."""
_SKILL = '<skill name="'
_SKILL_END = "\n</skill>"
_SKILL_COMMAND = "/skill:"


def is_command(text: str) -> bool:
    """Whether a prompt is a command to the program, or to a shell."""
    typed = typed_prompt(text)
    return typed.startswith(("/", "!")) and not typed.startswith(_SKILL_COMMAND)


def typed_prompt(text: str) -> str:
    """The command of a skill that a prompt begins with, and what was typed behind it; else the prompt without files."""
    if (files := _FILES.match(text)) is not None and files.end() < len(text):
        return text[files.end() :].strip()
    skill, end, typed = text.partition(_SKILL_END)
    if not end or not skill.startswith(_SKILL):
        return text
    name = skill.removeprefix(_SKILL).partition('"')[0]
    return f"{_SKILL_COMMAND}{name} {typed.strip()}".strip()
