"""Who may ask: by which name the server is called, from which pages, with which token."""

import functools
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from server.http.negotiation import header_values
from server.http.response import Refusal, send_refusal

ANY = "*"
PROBES = frozenset({"/healthz", "/readyz"})

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[^\s:/?#@\[\]\\]+)(:[0-9]*)?")


@dataclass(frozen=True)
class Access:
    """Whom the server answers.

    `token`: what callers must present, or None. `hosts`: names by which the server may be called, `*` for any.
    `origins`: pages of other origins that may call it, `*` for any.
    """

    token: str | None = None
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    origins: tuple[str, ...] = ()

    @cached_property
    def host_names(self) -> frozenset[str]:
        """`hosts` as they are compared."""
        return frozenset(name if name == ANY else host_name(name) for name in self.hosts)

    @cached_property
    def origin_names(self) -> frozenset[str]:
        """`origins` in the form in which browsers send them. Raises ValueError for what is no origin."""
        return normalize_allowed_origins(self.origins)


def is_token(access: Access, authorization: str | bytes | None) -> bool:
    """Whether `authorization`, as in the header of that name (`Bearer TOKEN`), is good enough."""
    if access.token is None:
        return True
    if isinstance(authorization, str):
        # JSON may hold lone surrogates.
        authorization = authorization.encode("utf-8", "surrogatepass")
    scheme, _, token = (authorization or b"").partition(b" ")
    is_same = hmac.compare_digest(token.strip(b" "), access.token.encode())
    return is_same and scheme.lower() == b"bearer"


def is_allowed_host(access: Access, host: str | None) -> bool:
    """Whether the server may be called by `host`, a Host header.

    A page whose own name was made to lead here (DNS rebinding) is of the server's origin to the browser; only the name
    that it calls gives it away. Ports mean nothing.
    """
    if ANY in access.host_names:
        return True
    return host is not None and host_name(host) in access.host_names


def is_allowed_origin(access: Access, origin: str | None, host: str | None) -> bool:
    """Whether a page of `origin` may call the server, which it calls `host`; both as in the headers.

    No origin: not the call of a page to another origin. `null` (a sandboxed frame, a file) is allowed by `*` alone.
    """
    if origin is None or ANY in access.origin_names or is_same_origin(origin, host):
        return True
    return normalize_origin(origin) in access.origin_names


@functools.lru_cache(maxsize=64)
def host_name(host: str) -> str:
    """The name in `NAME`, `NAME:PORT` or `[ADDRESS]:PORT`, in lower case; "" where there is none."""
    # A setting may name an IPv6 address without its brackets.
    found = _HOST.fullmatch(f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host)
    return found["name"].lower() if found else ""


def checked_hosts(hosts: tuple[str, ...]) -> tuple[str, ...]:
    """`hosts`. Raises ValueError for what is no name of a host."""
    for host in hosts:
        if not host_name(host):
            raise ValueError(f"{host!r} is no name or address")
    return hosts


def checked_origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    """`origins`. Raises ValueError for what is no origin, and for `null`, which any page can make itself."""
    normalize_allowed_origins(origins)
    return origins


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on `host`."""
    address = _address(host)
    return address.is_loopback if address else host.lower() == "localhost"


def is_every_address(host: str) -> bool:
    """Whether to listen on `host` is to listen on all addresses of the machine."""
    address = _address(host)
    return address.is_unspecified if address else not host


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


class HostOriginMiddleware:
    """ASGI middleware: refuses requests and handshakes by a foreign name or from a page of a foreign origin."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (refusal := self._refusal(scope)):
            await send_refusal(scope, send, refusal)
        else:
            await self._app(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = header_values(scope)
        host = _text(headers.get(b"host"))
        # Who looks after the process calls it by an address of the moment.
        if scope["path"] not in PROBES and not is_allowed_host(self._access, host):
            return Refusal(421, "FORBIDDEN", "The server has another name; REPRISE_ALLOWED_HOSTS lists those it has.")
        if not is_allowed_origin(self._access, _text(headers.get(b"origin")), host):
            message = "Pages of this origin may not call; REPRISE_ALLOWED_ORIGINS lists those that may."
            return Refusal(403, "FORBIDDEN", message, (b"vary", b"Origin"))
        return None


class BearerTokenMiddleware:
    """ASGI middleware: answers requests without the token by `public` routes alone, before their bodies are read.

    What is exempt is what such a route serves itself: an exempt request is never passed on to the application, whatever
    its headers ask for. A websocket presents its token in its first message.
    """

    def __init__(self, app: ASGIApp, access: Access, public: Sequence[BaseRoute]) -> None:
        self._app = app
        self._access = access
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_token(self._access, header_values(scope).get(b"authorization")):
            await self._app(scope, receive, send)
            return
        for route in self._public:
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                scope.update(child_scope)
                await route.handle(scope, receive, send)
                return
        message = "The header `Authorization: Bearer` with the server's token is missing, or its token is wrong."
        refusal = Refusal(401, "UNAUTHENTICATED", message, (b"www-authenticate", b'Bearer realm="reprise"'))
        await send_refusal(scope, send, refusal)


def access_middleware(access: Access, public: Sequence[BaseRoute]) -> list[Middleware]:
    """What stands before the routes, outermost first; `public` are those of them that need no token.

    Raises ValueError for an allowed origin that is none.
    """
    middleware = [Middleware(HostOriginMiddleware, access)]
    if access.origin_names:
        cross_origin = Middleware(
            CORSMiddleware,
            allow_origins=access.origin_names,
            allow_methods=("GET", "POST"),
            # No cookie speaks for anybody here, so no header is dangerous, and clients send names of their own.
            allow_headers=(ANY,),
            allow_private_network=True,
            expose_headers=("x-request-id",),
        )
        # Around the check of the token: pages may read that they have none.
        middleware.append(cross_origin)
    if access.token is not None:
        middleware.append(Middleware(BearerTokenMiddleware, access, public))
    return middleware


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
