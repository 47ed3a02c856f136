"""Tells whether a server can listen, before it begins: Uvicorn says it in a line of the log."""

import errno
import os
import socket

_REFUSED = (errno.EADDRINUSE, errno.EACCES)


def refuse_taken_address(host: str, port: int) -> None:
    """Try to listen on a port of a host, as the server will. Raises OSError, with a message for people.

    A host may have addresses of a family that the system does not use, which the server passes over.
    """
    try:
        # Without a host it listens on all addresses.
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        refusals = []
        for family, _, _, _, address in found:
            try:
                _try_address(family, address)
            except OSError as error:
                if error.errno in _REFUSED:
                    raise
                refusals.append(error)
        if len(refusals) == len(found):
            raise refusals[0]
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(
            f"Cannot listen on port {port} of {host or 'all addresses'}: {reason}."
            " REPRISE_HOST and REPRISE_PORT name another address."
        ) from None


def _try_address(family: int, address: tuple[object, ...]) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        if os.name == "posix":
            # The port of a server that has just ended is free, though its connections may linger.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
