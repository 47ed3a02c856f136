"""IP addresses of servers and clients."""

from ipaddress import IPv4Address, IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Whether `host` is a loopback address."""
    address = _address(host)
    return address.is_loopback if address else host.lower() == "localhost"


def is_every_address(host: str) -> bool:
    """Whether listening on `host` means all addresses of the machine."""
    address = _address(host)
    return address.is_unspecified if address else not host


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
