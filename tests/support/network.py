"""Network namespaces: a host with a link of its own to the database, which can be cut."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

TO_DATABASE, TO_CLIENTS = 1, 2


class Network:
    """A network namespace; `database` is this machine's address seen from it, `clients` its address seen from here."""

    def __init__(self) -> None:
        self.name = f"reprise-{os.getpid()}"
        self.database = self._address(TO_DATABASE, 1)
        self.clients = self._address(TO_CLIENTS, 2)

    def cut(self) -> None:
        """Drop all packets to and from the database."""
        _ip("link", "set", self._link(TO_DATABASE), "down")

    def heal(self) -> None:
        """Pass packets again."""
        _ip("link", "set", self._link(TO_DATABASE), "up")

    def set_up(self) -> None:
        """Create the namespace and its links. Raises OSError or CalledProcessError where that is not possible."""
        _ip("netns", "add", self.name)
        for number in (TO_DATABASE, TO_CLIENTS):
            link = self._link(number)
            _ip("link", "add", link, "type", "veth", "peer", "name", "eth" + str(number), "netns", self.name)
            _ip("addr", "add", f"{self._address(number, 1)}/30", "dev", link)
            _ip("link", "set", link, "up")
            _ip("-n", self.name, "addr", "add", f"{self._address(number, 2)}/30", "dev", f"eth{number}")
            _ip("-n", self.name, "link", "set", f"eth{number}", "up")

    def take_down(self) -> None:
        """Delete the namespace if it exists."""
        with contextlib.suppress(OSError):
            subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)

    def _link(self, number: int) -> str:
        return f"rp{os.getpid()}-{number}"

    def _address(self, number: int, side: int) -> str:
        return f"10.{210 + os.getpid() // 256 % 40}.{os.getpid() % 256}.{4 * number + side}"


@contextmanager
def own_network() -> Iterator[Network | None]:
    """Yield a namespace, or None where the system has none or permits none."""
    network = Network()
    try:
        network.set_up()
    except (OSError, subprocess.CalledProcessError):
        network.take_down()
        yield None
        return
    try:
        yield network
    finally:
        network.take_down()


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
