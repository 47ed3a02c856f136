"""Commands that the model asked for, and those that ran in their place: a hook may change the input of a call.

Codex records the call as the model made it. Only the event on its end has the command that ran.
"""

import msgspec

from storage.documents.formats.codex.rollout_line import read_text
from storage.documents.formats.json_values import as_object, as_text, parse_json

_TOOLS = {"container.exec", "exec_command", "shell", "shell_command"}


def asked_command(name: object, arguments: msgspec.Raw) -> str:
    """The command in the arguments of a call, which are JSON in a string; empty for a call of another tool."""
    text = read_text(arguments) if isinstance(name, str) and name in _TOOLS else None
    given = as_object(parse_json(text.encode(errors="replace"))) if text else {}
    return command_of(given.get("cmd", given.get("command")))


def is_another(command: object, asked: str) -> bool:
    """Whether another command than the one that was asked for ran. Codex puts text of its own before some."""
    ran = command_of(command)
    return bool(ran and asked) and asked not in ran


def command_of(command: object) -> str:
    """A command: a text, or a list that ends with what a shell runs."""
    if isinstance(command, list):
        command = command[-1] if command else ""
    return as_text(command).strip()
