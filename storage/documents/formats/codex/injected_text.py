"""Text that Codex puts into the conversation under the user's role, and marks that it puts around a person's words."""

import re
from typing import NamedTuple

SUMMARY_PREFACE = "Another language model started to solve this problem and produced a summary"
"""The beginning of the message in which the model gets the summary of a compaction."""

_OPENINGS = (
    "# AGENTS.md instructions",
    "<app-context>",
    "<apps_instructions>",
    "<child_agents_instructions>",
    "<collaboration_mode>",
    "<environment_context>",
    "<ENVIRONMENT_CONTEXT>",
    "<goal_context>",
    "<hook_prompt",
    "<INSTRUCTIONS>",
    "<js_repl_instructions>",
    "<model_switch>",
    "<permissions instructions>",
    "<personality_spec>",
    "<plugins>",
    "<plugins_instructions>",
    "<realtime_conversation>",
    "<skill>",
    "<skills_instructions>",
    "<skills_section>",
    "<subagent_notification>",
    "<subagents>",
    "<turn_aborted>",
    "<user_action>",
    "<user_instructions>",
    "<user_shell_command>",
    "Side conversation boundary.\n",
    SUMMARY_PREFACE,
)
_REQUEST = "## My request for Codex:"
_CITATION = re.compile(r"(<oai-mem-citation>.*?</oai-mem-citation>)", re.DOTALL)
"""What a model cites of the memories of earlier sessions. The program takes it out of what it shows."""
_MEDIA_MARK = re.compile(r"\s*</?(?:image|audio)\b[^>]*>\s*")


class Prompt(NamedTuple):
    """A person's text: what the editor put before it, and the person's own words."""

    context: str
    request: str


def is_injected(text: str) -> bool:
    """Whether a text of the user's role is the program's, by how it begins."""
    return text.lstrip().startswith(_OPENINGS)


def is_media_mark(text: str) -> bool:
    """Whether a text is one of the marks that stand before and after a picture or a recording."""
    return _MEDIA_MARK.fullmatch(text) is not None


def split_citations(text: str) -> tuple[list[str], list[str]]:
    """The parts of a model's text without what it cites of memories, and the citations."""
    pieces = _CITATION.split(text)
    return [piece for piece in pieces[::2] if piece.strip()], pieces[1::2]


def split_context(text: str) -> Prompt:
    """Separate the context that an editor puts before a request."""
    at = text.find(_REQUEST)
    if at < 0 or not text.lstrip().startswith(("#", "<")):
        return Prompt("", text)
    end = at + len(_REQUEST)
    return Prompt(text[:end], text[end:].strip())
