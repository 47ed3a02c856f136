"""The header of a rollout, `session_meta`: whose thread it is, where it came from and in which surroundings it ran."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from storage.documents.formats.json_values import as_object, as_text, as_time, parse_json, without
from storage.records.identifier import is_id

_SHOWN_ELSEWHERE = ("base_instructions", "instructions")


@dataclass(slots=True, frozen=True)
class HistoryBase:
    """The base of a rollout: the lines of another one with an ordinal below `end`."""

    key: str
    end: int


@dataclass(slots=True, frozen=True)
class Header:
    """A header. `values` is all of it but the long instructions."""

    thread_id: str
    created_at: datetime | None = None
    workspace: str = ""
    agent_version: str | None = None
    git_branch: str | None = None
    system_prompt: str | None = None
    forked_from: str | None = None
    base: HistoryBase | None = None
    values: dict[str, object] = field(default_factory=dict)

    @property
    def subagent(self) -> dict[str, object] | None:
        """The source's values about a subagent; None when the thread is not that of a subagent."""
        source = as_object(self.values.get("source"))
        if "subagent" not in source:
            return None
        told = source["subagent"]
        return as_object(as_object(told).get("thread_spawn")) if isinstance(told, dict) else {"agent_role": told}

    @property
    def spawned_by(self) -> str | None:
        """The id of the thread whose agent began this subagent's thread."""
        spawn = self.subagent or {}
        return next(filter(None, (_id(spawn.get("parent_thread_id")), _id(self.values.get("parent_thread_id")))), None)

    @property
    def handed_over_from(self) -> str | None:
        """The id of the session, maybe of another agent, that was handed over as this thread."""
        return _id(self.values.get("handed_over_from"))

    @property
    def handed_over_title(self) -> str | None:
        """The title that it was handed over with: the program keeps titles in a database."""
        return as_text(self.values.get("handed_over_title")) or None

    @property
    def is_automated(self) -> bool:
        """Whether `codex exec` began it, or a program that uses Codex as a server of tools."""
        source = as_text(self.values.get("source"))
        return source in ("exec", "mcp") or (not source and as_text(self.values.get("originator")) == "codex_exec")

    @property
    def nickname(self) -> str | None:
        """The name of a subagent, with its role."""
        spawn = self.subagent
        if spawn is None:
            return None
        nickname, role = (
            as_text(spawn.get(key)) or as_text(self.values.get(key)) for key in ("agent_nickname", "agent_role")
        )
        return f"{nickname} ({role})" if nickname and role else nickname or role or None

    def updated_by(self, later: "Header") -> "Header":
        """This header with the new values of a later one of the same thread."""
        return replace(
            self,
            agent_version=later.agent_version or self.agent_version,
            git_branch=later.git_branch or self.git_branch,
            values={**later.values, **self.values, **without({"git": later.values.get("git")})},
        )


def read_header(line: bytes) -> Header:
    """The header in a line, which has no envelope in the first versions."""
    value = as_object(parse_json(line))
    values = as_object(value.get("payload")) if "payload" in value else value
    git = as_object(values.get("git"))
    return Header(
        thread_id=_id(values.get("id")) or "",
        created_at=as_time(values.get("timestamp")),
        workspace=as_text(values.get("cwd")),
        agent_version=as_text(values.get("cli_version")) or None,
        git_branch=as_text(git.get("branch")) or None,
        system_prompt=_instructions(values.get("base_instructions")) or _instructions(values.get("instructions")),
        forked_from=_id(values.get("forked_from_id")),
        base=_history_base(as_object(values.get("history_base"))),
        values=without(values, *_SHOWN_ELSEWHERE),
    )


def _id(value: object) -> str | None:
    text = as_text(value).strip()
    return text if is_id(text) else None


def _instructions(value: object) -> str | None:
    text = as_text(value) or as_text(as_object(value).get("text"))
    return text or None


def _history_base(value: dict[str, object]) -> HistoryBase | None:
    key, end = as_text(value.get("thread_id")), value.get("end_ordinal_exclusive")
    return HistoryBase(key, end) if key and type(end) is int else None
