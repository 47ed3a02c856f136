"""Access control: allowed host names, allowed origins and the bearer token."""

import functools
import hmac
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.negotiation import header_values
from server.http.response import Refusal, send_refusal
from server.observability.limited_log import LimitedLog

log = logging.getLogger("reprise.access")

ANY = "*"
PROBES = frozenset({"/healthz", "/readyz"})

# The longest name in DNS, with a port.
_MAX_HOST_LENGTH = 253 + len(":65535")
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]\\]+)(:[0-9]*)?")


@dataclass(frozen=True)
class Access:
    """The rules of access.

    `token`: the bearer token that clients must send, or None. `hosts`: the host names that requests may use.
    `origins`: the origins that CORS allows. `*` allows any host or origin.
    """

    token: str | None = None
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    origins: tuple[str, ...] = ()

    @cached_property
    def host_names(self) -> frozenset[str]:
        """`hosts`, normalized for comparison."""
        return frozenset(name if name == ANY else host_name(name) for name in self.hosts)

    @cached_property
    def origin_names(self) -> frozenset[str]:
        """`origins`, normalized as browsers send them. Raises ValueError for an invalid origin."""
        names: frozenset[str] = _origins().normalize_allowed_origins(self.origins)
        return names


def is_authorized(access: Access, authorization: str | bytes | None) -> bool:
    """Whether `authorization`, the value of an Authorization header, is `Bearer` with the right token."""
    if access.token is None:
        return True
    if isinstance(authorization, str):
        # JSON may hold lone surrogates.
        authorization = authorization.encode("utf-8", "surrogatepass")
    scheme, _, token = (authorization or b"").partition(b" ")
    is_token = hmac.compare_digest(token.strip(b" "), access.token.encode())
    return is_token and scheme.lower() == b"bearer"


def is_allowed_host(access: Access, host: str | None) -> bool:
    """Whether `host`, the value of a Host header, is allowed. Ports are ignored.

    Protects against DNS rebinding, where a page's own host name resolves to this server: to the browser such requests
    are same-origin.
    """
    if ANY in access.host_names:
        return True
    return host is not None and host_name(host) in access.host_names


def is_allowed_origin(access: Access, origin: str | None, host: str | None) -> bool:
    """Whether `origin`, the value of an Origin header, is allowed; `host` is the Host header.

    Requests without an origin are not cross-origin. `null` (sandboxed frames, files) is allowed by `*` only.
    """
    if origin is None or ANY in access.origin_names or _origins().is_same_origin(origin, host):
        return True
    return _origins().normalize_origin(origin) in access.origin_names


@functools.cache
def _origins() -> ModuleType:
    """Strawberry's functions of origins, imported when they are needed: commands that serve nothing start faster."""
    return import_module("strawberry.http.websocket_origin")


def host_name(host: str) -> str:
    """The name in `NAME`, `NAME:PORT` or `[ADDRESS]:PORT`, in lower case; "" if it is invalid."""
    return _cached_host_name(host) if len(host) <= _MAX_HOST_LENGTH else ""


@functools.lru_cache(maxsize=64)
def _cached_host_name(host: str) -> str:
    # Settings may contain IPv6 addresses without brackets.
    found = _HOST.fullmatch(f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host)
    return found["name"].lower() if found else ""


def checked_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """`hosts`. Raises ValueError for an invalid host name."""
    for host in hosts:
        if not host_name(host):
            raise ValueError(f"{host!r} is not a host name or address")
    return hosts


def checked_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """`origins`. Raises ValueError for an invalid origin, and for `null`, which any page can send."""
    if origins:
        _origins().normalize_allowed_origins(origins)
    return origins


class HostOriginMiddleware:
    """ASGI middleware that refuses requests and handshakes with a host or an origin that is not allowed.

    Names are logged, since the developer of a page sees only that its requests fail.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        self._hosts = LimitedLog(log, "Refused a host name that REPRISE_ALLOWED_HOSTS does not list", "host")
        self._origins = LimitedLog(log, "Refused an origin that REPRISE_ALLOWED_ORIGINS does not list", "origin")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (refusal := self._refusal(scope)):
            await send_refusal(scope, send, refusal)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = header_values(scope)
        host = _text(headers.get(b"host"))
        # Orchestrators probe containers by addresses that change.
        if scope["path"] not in PROBES and not is_allowed_host(self._access, host):
            self._hosts.warn(host or "")
            return Refusal(421, "FORBIDDEN", "This host name is not allowed; see REPRISE_ALLOWED_HOSTS.")
        origin = _text(headers.get(b"origin"))
        if not is_allowed_origin(self._access, origin, host):
            self._origins.warn(origin or "")
            message = "This origin is not allowed; see REPRISE_ALLOWED_ORIGINS."
            return Refusal(403, "FORBIDDEN", message, (b"vary", b"Origin"))
        return None


class BearerTokenMiddleware:
    """ASGI middleware that serves only the `public` routes to requests without the token.

    Such a request never reaches the application, whatever its headers ask for; other requests are refused before their
    bodies are read. Websockets are let through, because they send the token in `connection_init`.
    """

    def __init__(self, app: ASGIApp, access: Access, public: Sequence[BaseRoute]) -> None:
        self._app = app
        self._access = access
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_authorized(self._access, header_values(scope).get(b"authorization")):
            await self._app(scope, receive, send)
            return
        for route in self._public:
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                scope.update(child_scope)
                await route.handle(scope, receive, send)
                return
        message = "The bearer token in the `Authorization` header is missing or wrong."
        refusal = Refusal(401, "UNAUTHENTICATED", message, (b"www-authenticate", b'Bearer realm="reprise"'))
        await send_refusal(scope, send, refusal)


def access_middleware(access: Access, public: Sequence[BaseRoute]) -> list[Middleware]:
    """The middleware that checks access, outermost first; `public` are the routes that need no token.

    Raises ValueError for an invalid allowed origin.
    """
    middleware = [Middleware(HostOriginMiddleware, access)]
    if access.origin_names:
        cross_origin = Middleware(
            CORSMiddleware,
            allow_origins=access.origin_names,
            allow_methods=("GET", "POST"),
            # There are no cookies, so any header is safe, and clients send headers of their own.
            allow_headers=(ANY,),
            allow_private_network=True,
            expose_headers=("x-request-id",),
        )
        # Outside of the token check, so that pages can read its refusals.
        middleware.append(cross_origin)
    if access.token is not None:
        middleware.append(Middleware(BearerTokenMiddleware, access, public))
    return middleware


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
