"""Who may ask."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """Whom the server answers.

    `token`: what callers must present, or None. `hosts`: names by which the server may be called, `*` for any.
    `origins`: pages of other origins that may call it, `*` for any.
    """

    token: str | None = None
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    origins: tuple[str, ...] = ()
