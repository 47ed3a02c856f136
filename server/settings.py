"""Settings, read from environment variables."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from schema.limits import Limits
from server.access import Access, checked_hosts, checked_origins, is_every_address
from storage.database.engines import POOL_SIZE, driver_url
from storage.resume.seeding.seeder import BATCH_MESSAGES, LEASE_SECONDS


def default_database_url() -> str:
    """A SQLite file in the user's data directory."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return f"sqlite:///{Path(base, 'reprise', 'reprise.db')}"


def _checked_url(url: str) -> str:
    driver_url(url)
    return url


def _checked_listen_url(url: str | None) -> str | None:
    if url is not None and driver_url(url).get_backend_name() != "postgresql":
        raise ValueError("must begin with postgresql://")
    return url


def _checked_poll(seconds: float | None, given: ValidationInfo) -> float | None:
    if seconds is not None and given.data.get("listen_url") is not None:
        raise ValueError("is instead of LISTEN, for which REPRISE_LISTEN_URL is given")
    return seconds


def _parted(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_parted)]
"""Several, with commas between."""


class Settings(BaseSettings):
    """Read from environment variables of the same names with `REPRISE_` before them."""

    model_config = SettingsConfigDict(env_prefix="REPRISE_", extra="forbid")

    database_url: Annotated[str, AfterValidator(_checked_url)] = Field(
        default_factory=default_database_url,
        description="`sqlite:///PATH` or `postgresql://USER@HOST/NAME`.",
    )
    listen_url: Annotated[str | None, AfterValidator(_checked_listen_url)] = Field(
        None,
        description="PostgreSQL itself, for LISTEN, where `REPRISE_DATABASE_URL` is a pooler in transaction mode.",
    )
    poll_seconds: Annotated[float | None, AfterValidator(_checked_poll)] = Field(
        None,
        gt=0,
        le=60,
        description="Seconds between looks for what other processes write, in place of LISTEN and NOTIFY, "
        "where the database or a pooler has none. The same in all processes.",
    )
    pool_size: int = Field(
        POOL_SIZE, ge=2, le=100, description="Connections of a process to PostgreSQL, beside the one that listens."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(
        1, ge=1, le=100, description="Processes that serve at the address; more than one on PostgreSQL."
    )
    token: str | None = Field(
        None,
        pattern="^[!-~]+$",
        description="What every caller must present, letters, digits and signs; needed to listen beyond the loopback.",
    )
    allowed_origins: Annotated[Names, AfterValidator(checked_origins)] = Field(
        (),
        description="Other origins whose pages may call, such as `http://localhost:3000`, commas between; `*` for any.",
    )
    allowed_hosts: Annotated[Names, AfterValidator(checked_hosts)] = Field(
        Access.hosts,
        description="Names by which the server may be called, with commas between, beside that of "
        "`REPRISE_HOST`; `*` for any.",
    )
    hardened: bool = Field(
        False, description="Whether to refuse introspection and GET, to suggest no names and to show no playground."
    )
    prepared: bool = Field(True, description="Whether to prepare queries that come again, which answers them faster.")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="One JSON object a line, or for people to read; `auto` looks for a terminal."
    )
    max_tokens: int = Field(Limits.tokens, ge=1, description="Tokens of a document.")
    max_depth: int = Field(Limits.depth, ge=1, description="Levels of fields in a document.")
    max_aliases: int = Field(Limits.aliases, ge=0, description="Aliases in a document.")
    max_directives: int = Field(Limits.directives, ge=0, description="Directives in a document.")
    max_cost: int = Field(Limits.cost, ge=1, description="Objects that an operation could return.")
    max_errors: int = Field(Limits.errors, ge=1, description="Errors that are reported of a document.")
    max_body_bytes: int = Field(Limits.body_bytes, ge=1, description="Bytes of a request or a websocket's message.")
    max_import_bytes: int = Field(Limits.import_bytes, ge=1, description="Bytes of a request that imports a session.")
    request_seconds: float = Field(Limits.request_seconds, gt=0, description="Seconds for a query or a mutation.")
    max_socket_operations: int = Field(
        Limits.socket_operations, ge=1, description="Operations that run at once on a websocket."
    )
    max_sockets: int = Field(
        Limits.sockets, ge=1, description="Websockets and streams that are open at once in a process."
    )
    init_seconds: float = Field(
        Limits.init_seconds, gt=0, description="Seconds that a websocket has for its `connection_init`."
    )
    seed: bool = Field(True, description="Whether a serving process also seeds resumed threads.")
    seed_gate: int = Field(1, ge=1, le=1000, description="How many resumes may be seeding at once, over all processes.")
    seed_batch: int = Field(
        BATCH_MESSAGES, ge=1, le=100_000, description="Messages that seeding writes in one transaction, at most."
    )
    lease_seconds: float = Field(
        LEASE_SECONDS, gt=0, le=3600, description="Seconds after which a seeder that fell silent loses its task."
    )

    @property
    def limits(self) -> Limits:
        """What one request, one socket and the process may ask for."""
        return Limits(
            tokens=self.max_tokens,
            depth=self.max_depth,
            aliases=self.max_aliases,
            directives=self.max_directives,
            cost=self.max_cost,
            errors=self.max_errors,
            body_bytes=self.max_body_bytes,
            import_bytes=self.max_import_bytes,
            request_seconds=self.request_seconds,
            socket_operations=self.max_socket_operations,
            sockets=self.max_sockets,
            init_seconds=self.init_seconds,
        )

    @property
    def access(self) -> Access:
        """Who may ask."""
        own = () if is_every_address(self.host) else (self.host,)
        return Access(token=self.token, hosts=(*self.allowed_hosts, *own), origins=self.allowed_origins)
