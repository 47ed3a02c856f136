"""Settings, read from environment variables."""

import os
import re
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, ValidationInfo

from schema.limits import Limits
from server.access import Access, checked_hosts, checked_origins
from server.default_database import default_database_url
from server.http.addresses import is_every_address
from storage.database.engines import POOL_SIZE, driver_url
from storage.resume.seeding.lease import MAX_LEASE_SECONDS
from storage.resume.seeding.seeder import BATCH_MESSAGES, LEASE_SECONDS

_PREFIX = "REPRISE_"


def _checked_url(url: str) -> str:
    driver_url(url)
    return url


def _checked_listen_url(url: str | None) -> str | None:
    if url is not None and driver_url(url).get_backend_name() != "postgresql":
        raise ValueError("must begin with postgresql://")
    return url


def _checked_poll(seconds: float | None, info: ValidationInfo) -> float | None:
    if seconds is not None and info.data.get("listen_url") is not None:
        raise ValueError("cannot be combined with REPRISE_LISTEN_URL: polling replaces LISTEN")
    return seconds


def _checked_token(token: str | None) -> str | None:
    if token is not None and not re.fullmatch("[!-~]+", token):
        raise ValueError("must be printable ASCII without blanks, and not empty")
    return token


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""A comma-separated list."""


def _watched(value: object) -> object:
    """The paths to watch; none of them means all homes."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    if value.strip() == "all":
        return ()
    paths = tuple(Path(path) for path in value.split(os.pathsep) if path)
    if not all(path.is_absolute() for path in paths):
        raise ValueError("must be `all` or absolute paths")
    return paths


class Settings(BaseModel):
    """The settings: what is given, else what the environment variables with the prefix `REPRISE_` say, in any case."""

    model_config = ConfigDict(extra="forbid", validate_default=True)

    def __init__(self, **given: Any) -> None:
        """Raises ValidationError."""
        environment = {name.upper(): value for name, value in os.environ.items()}
        stated = {name: environment.get(f"{_PREFIX}{name.upper()}") for name in type(self).model_fields}
        super().__init__(**{name: value for name, value in stated.items() if value is not None} | given)

    database_url: Annotated[str, AfterValidator(_checked_url)] = Field(
        default_factory=default_database_url,
        description="`sqlite:///PATH` or `postgresql://USER@HOST/NAME`.",
    )
    listen_url: Annotated[str | None, AfterValidator(_checked_listen_url)] = Field(
        None,
        description="Direct URL of PostgreSQL for LISTEN, if `REPRISE_DATABASE_URL` is a pooler in transaction mode.",
    )
    poll_seconds: Annotated[FiniteFloat | None, AfterValidator(_checked_poll)] = Field(
        None,
        gt=0,
        le=60,
        description="Seconds between polls for changes by other processes, if the database or pooler lacks LISTEN and "
        "NOTIFY. Must be the same in all processes.",
    )
    pool_size: int = Field(
        POOL_SIZE,
        ge=2,
        le=100,
        description="Connections of a process to PostgreSQL, not counting the one that listens.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=100, description="Number of serving processes; more than one requires PostgreSQL.")
    token: Annotated[str | None, AfterValidator(_checked_token)] = Field(
        None,
        description="Bearer token that clients must send, in printable ASCII; required to listen beyond the loopback.",
    )
    allowed_origins: Annotated[Names, AfterValidator(checked_origins)] = Field(
        (),
        description="Origins allowed by CORS, such as `http://localhost:3000`, comma-separated; `*` allows any.",
    )
    allowed_hosts: Annotated[Names, AfterValidator(checked_hosts)] = Field(
        Access.hosts,
        description="Host names that requests may use, comma-separated, in addition to `REPRISE_HOST`; `*` allows any.",
    )
    hardened: bool = Field(
        False,
        description=(
            "Whether to disable introspection, GET, suggestions of names in errors, the reader and the playground."
        ),
    )
    prepared: bool = Field(
        True, description="Whether to cache execution plans of repeated queries, and responses to them."
    )
    response_cache_bytes: int = Field(
        16 * 1024 * 1024,
        ge=0,
        description="Maximum bytes of cached responses to repeated queries in a process, which are sent again while no "
        "session changes; 0 switches this cache off.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="Log format; `auto` means `console` on a terminal and `json` otherwise."
    )
    log_level: Literal["info", "warning", "error"] = Field(
        "info", description="The least severe lines that are logged; `info` logs each request."
    )
    max_tokens: int = Field(Limits.tokens, ge=1, description="Maximum number of tokens of a document.")
    max_depth: int = Field(Limits.depth, ge=1, description="Maximum nesting of fields in a document.")
    max_aliases: int = Field(Limits.aliases, ge=0, description="Maximum number of aliases in a document.")
    max_directives: int = Field(Limits.directives, ge=0, description="Maximum number of directives in a document.")
    max_cost: int = Field(Limits.cost, ge=1, description="Maximum cost of an operation: objects that it could return.")
    max_errors: int = Field(Limits.errors, ge=1, description="Maximum number of validation errors in a response.")
    max_answer_bytes: int = Field(
        Limits.answer_bytes,
        ge=1,
        description="Maximum bytes of an answer, estimated from its objects and texts before it is encoded.",
    )
    max_body_bytes: int = Field(
        Limits.body_bytes, ge=1, description="Maximum bytes of a request or a websocket message."
    )
    max_import_bytes: int = Field(
        Limits.import_bytes, ge=1, description="Maximum bytes of a request that imports a session."
    )
    max_json_values: int = Field(
        Limits.json_values, ge=1, description="Maximum number of JSON values in a request or a websocket message."
    )
    max_json_depth: int = Field(
        Limits.json_depth, ge=1, description="Maximum nesting of JSON in a request or a websocket message."
    )
    max_pending_bytes: int = Field(
        Limits.pending_bytes,
        ge=1,
        description="Bytes of memory for request bodies in a process: for those being received, and as much for those "
        "being processed. Further requests wait, then get 503.",
    )
    min_upload_rate: int = Field(
        Limits.upload_rate,
        ge=1,
        description="Bytes per second that clients must send of a body or a websocket message after a grace period of "
        "`REPRISE_REQUEST_SECONDS`. Slower clients are dropped.",
    )
    request_seconds: FiniteFloat = Field(
        Limits.request_seconds, gt=0, description="Time limit of a query or a mutation."
    )
    max_socket_operations: int = Field(
        Limits.socket_operations, ge=1, description="Maximum number of concurrent operations on a websocket."
    )
    max_sockets: int = Field(
        Limits.sockets,
        ge=1,
        description="Maximum number of open websockets and streams of subscriptions over HTTP in a process.",
    )
    init_seconds: FiniteFloat = Field(
        Limits.init_seconds, gt=0, description="Seconds until a websocket must have sent `connection_init`."
    )
    watch: Annotated[tuple[Path, ...] | None, BeforeValidator(_watched)] = Field(
        None,
        description="`all` to import from the homes of all agents and to watch them, or the paths of homes, separated "
        "as in `PATH`.",
    )
    seed: bool = Field(True, description="Whether serving processes also seed resumed threads.")
    seed_gate: int = Field(
        1,
        ge=1,
        le=1000,
        description="Maximum number of threads seeded at once, over all processes.",
    )
    seed_batch: int = Field(
        BATCH_MESSAGES,
        ge=1,
        le=100_000,
        description="Maximum number of messages that seeding writes in one transaction.",
    )
    lease_seconds: FiniteFloat = Field(
        LEASE_SECONDS,
        gt=0,
        le=MAX_LEASE_SECONDS,
        description="Seconds until the lease of a seeder expires that does not renew it.",
    )

    @property
    def limits(self) -> Limits:
        """The limits of requests, websockets and the process."""
        values = {name.removeprefix("max_").removeprefix("min_"): value for name, value in self}
        return Limits(**{field.name: values[field.name] for field in fields(Limits)})

    @property
    def access(self) -> Access:
        """The rules of access."""
        own = () if is_every_address(self.host) else (self.host,)
        return Access(token=self.token, hosts=(*self.allowed_hosts, *own), origins=self.allowed_origins)
