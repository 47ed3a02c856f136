"""Where agents look for the file of a session that was imported alone, such as a backup, without its folders."""

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from storage.documents.formats.gemini.checkpoint import is_checkpoint
from storage.documents.formats.pi.session_id import default_place
from storage.handoff.claude_code import folder_name
from storage.handoff.gemini import PROJECT_ROOT, project_folder
from storage.handoff.qwen_code import chats_folder

_ROLLOUT = re.compile(r"rollout-(\d{4})-(\d\d)-(\d\d)T.+\.jsonl")


class LoneFile(NamedTuple):
    """The name of a file that was imported without its folders, and the facts of its session that decide its place."""

    name: str
    session_id: str
    workspace: str
    created_at: datetime


def default_files(source: str, file: LoneFile, home: Path | None) -> tuple[str, dict[str, str]]:
    """The path of the file below its agent's home, and the contents of other files that the agent needs beside it.

    `home` is the agent's home, in which existing files may be read; None where it is not known.
    """
    if source == "CLAUDE_CODE":
        return f"projects/{folder_name(file.workspace)}/{file.session_id}.jsonl", {}
    if source == "CODEX":
        return _of_codex(file), {}
    if source == "QWEN_CODE":
        return f"{chats_folder(file.workspace)}/{file.session_id}.jsonl", {}
    if source == "PI":
        return default_place(file.name, file.workspace), {}
    if source == "GEMINI" and not is_checkpoint(file.name):
        return _of_gemini(file, home)
    return file.name, {}


def _of_codex(file: LoneFile) -> str:
    if date := _ROLLOUT.fullmatch(file.name):
        return f"sessions/{'/'.join(date.groups())}/{file.name}"
    began = file.created_at
    return f"sessions/{began:%Y/%m/%d}/rollout-{began:%Y-%m-%dT%H-%M-%S}-{file.session_id}.jsonl"


def _of_gemini(file: LoneFile, home: Path | None) -> tuple[str, dict[str, str]]:
    folder = project_folder(home, file.workspace)
    suffix = Path(file.name).suffix
    name = f"session-{file.created_at:%Y-%m-%dT%H-%M}-{file.session_id[:8]}{suffix}"
    others = {} if folder.is_known else {f"tmp/{folder.name}/{PROJECT_ROOT}": file.workspace}
    return f"tmp/{folder.name}/chats/{name}", others
