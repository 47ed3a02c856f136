"""Several processes behind one address, under Uvicorn's supervisor."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from multiprocessing import parent_process

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess, multiprocess

log = logging.getLogger("reprise.workers")

HEALTH_SECONDS = 10
"""After so long without a sign of life a worker is replaced."""
STARTING_SECONDS = 60
"""After so long a worker that should take another's place is given up, and the other stays."""


class WorkerConfig(uvicorn.Config):
    """What the supervisor binds and hands to each worker, where `make_server` is called: both are pickled."""

    def __init__(self, make_server: Callable[[], uvicorn.Server], *, host: str, port: int, workers: int) -> None:
        super().__init__(
            "",
            host=host,
            port=port,
            workers=workers,
            log_config=None,
            access_log=False,
            timeout_worker_healthcheck=HEALTH_SECONDS,
        )
        self.make_server = make_server


class Worker(multiprocess.Process):
    """One process. It ends as on SIGTERM when its supervisor is gone, and not before the supervisor gives it up."""

    config: WorkerConfig
    _is_up = False

    def start(self) -> None:
        super().start()
        # Answered as soon as there is a server.
        self.parent_conn.send(b"ping")

    def is_alive(self, timeout: float = 5) -> bool:
        """Whether it runs and answers in time. To start may take it as long as it takes."""
        if not self._is_up:
            if not self.parent_conn.poll():
                return self.process.is_alive()
            self.parent_conn.recv()
            self._is_up = True
        return super().is_alive(timeout)

    def wait_until_ready(self, timeout: float, should_exit: threading.Event | None = None) -> bool:
        """Whether it takes requests. Returns at the latest after STARTING_SECONDS, whatever `timeout` is."""
        return super().wait_until_ready(STARTING_SECONDS, should_exit)

    @property
    def takes_requests(self) -> bool:
        """Whether it said so just now."""
        return self._is_up and self.is_ready()

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Runs in the worker."""
        threading.Thread(target=_end_with_supervisor, name="reprise-supervisor", daemon=True).start()
        try:
            # Here, because the thread that answers the supervisor would make another one.
            self._server = self.config.make_server()
        except Exception:
            log.exception("a worker cannot start")
            # The supervisor gives up on this status, where it would start a worker again on another.
            sys.exit(STARTUP_FAILURE)
        super().target(sockets)


class Workers(Multiprocess):
    """The supervisor: replaces workers that die or hang, and on SIGHUP all of them, one after another.

    `announce` is called once, with the socket that all listen on, when every worker takes requests.
    """

    processes: list[Worker]  # type: ignore[assignment] # no others are made

    def __init__(self, config: WorkerConfig, announce: Callable[[socket.socket], None]) -> None:
        multiprocess.Process = Worker  # type: ignore[misc] # Uvicorn has no other place for a worker of one's own
        super().__init__(config, [config.bind_socket()])
        self._announce = announce
        self._is_announced = False

    def run(self) -> None:
        """Returns when told to end, all workers having ended. Raises SystemExit where they cannot start."""
        super().run()
        if any(worker.exitcode == STARTUP_FAILURE for worker in self.processes):
            sys.exit(STARTUP_FAILURE)

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        if not self._is_announced and all(worker.takes_requests for worker in self.processes):
            self._is_announced = True
            self._announce(self.sockets[0])


def _end_with_supervisor() -> None:
    supervisor = parent_process()
    assert supervisor is not None
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
