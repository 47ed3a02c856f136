"""A host's own network: a namespace of the kernel's, with a line to the database and one to clients."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

TO_DATABASE, TO_CLIENTS = 1, 2


class Network:
    """Known to `ip netns` as `name`. `database` is where it finds this side, `clients` where this side finds it."""

    def __init__(self) -> None:
        self.name = f"reprise-{os.getpid()}"
        self.database = self._address(TO_DATABASE, 1)
        self.clients = self._address(TO_CLIENTS, 2)

    def cut(self) -> None:
        """From here on nothing passes to the database and back, and nobody is told."""
        _ip("link", "set", self._line(TO_DATABASE), "down")

    def heal(self) -> None:
        """What is sent passes again."""
        _ip("link", "set", self._line(TO_DATABASE), "up")

    def set_up(self) -> None:
        """Raises OSError or CalledProcessError where that cannot be done."""
        _ip("netns", "add", self.name)
        for number in (TO_DATABASE, TO_CLIENTS):
            line = self._line(number)
            _ip("link", "add", line, "type", "veth", "peer", "name", "eth" + str(number), "netns", self.name)
            _ip("addr", "add", f"{self._address(number, 1)}/30", "dev", line)
            _ip("link", "set", line, "up")
            _ip("-n", self.name, "addr", "add", f"{self._address(number, 2)}/30", "dev", f"eth{number}")
            _ip("-n", self.name, "link", "set", f"eth{number}", "up")

    def take_down(self) -> None:
        """As much of it as there is."""
        with contextlib.suppress(OSError):
            subprocess.run(["ip", "netns", "del", self.name], check=False, capture_output=True)

    def _line(self, number: int) -> str:
        return f"rp{os.getpid()}-{number}"

    def _address(self, number: int, side: int) -> str:
        return f"10.{210 + os.getpid() // 256 % 40}.{os.getpid() % 256}.{4 * number + side}"


@contextmanager
def own_network() -> Iterator[Network | None]:
    """None where the system has no such thing, or allows none to us."""
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
