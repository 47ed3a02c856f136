"""Worker processes that share one listening socket, under Uvicorn's supervisor."""

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
"""A worker that does not answer health checks for so long is replaced."""
STARTING_SECONDS = 60
"""A replacement that is not ready after so long is stopped, and the old worker stays."""


class WorkerConfig(uvicorn.Config):
    """Configuration of the supervisor and its workers. Pickled; each worker calls `make_server`."""

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
    """A worker process. It shuts down as on SIGTERM when its supervisor has died."""

    config: WorkerConfig
    _is_up = False

    def start(self) -> None:
        super().start()
        # A health check that the worker answers as soon as it has a server.
        self.parent_conn.send(b"ping")

    def is_alive(self, timeout: float = 5) -> bool:
        """Whether the process runs and answers health checks in time. Its start has no time limit."""
        if not self._is_up:
            if not self.parent_conn.poll():
                return self.process.is_alive()
            self.parent_conn.recv()
            self._is_up = True
        return super().is_alive(timeout)

    def wait_until_ready(self, timeout: float, should_exit: threading.Event | None = None) -> bool:
        """Whether it accepts requests, after STARTING_SECONDS at the latest; `timeout` is ignored."""
        return super().wait_until_ready(STARTING_SECONDS, should_exit)

    @property
    def accepts_requests(self) -> bool:
        """Whether it accepts requests now."""
        return self._is_up and self.is_ready()

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """The main function of the worker process."""
        threading.Thread(target=_exit_with_supervisor, name="reprise-supervisor", daemon=True).start()
        try:
            # Created before two threads use it: Uvicorn would create it in each.
            self._server = self.config.make_server()
        except Exception:
            log.exception("Worker failed to start")
            # The supervisor exits on this status; on any other it would start the worker again.
            sys.exit(STARTUP_FAILURE)
        super().target(sockets)


class Workers(Multiprocess):
    """The supervisor: replaces workers that die or hang; on SIGHUP it replaces all of them, one after another.

    `announce` is called once, with the shared socket, when every worker accepts requests.
    """

    processes: list[Worker]  # type: ignore[assignment] # all processes are workers

    def __init__(self, config: WorkerConfig, announce: Callable[[socket.socket], None]) -> None:
        multiprocess.Process = Worker  # type: ignore[misc] # Uvicorn has no parameter for the class of workers
        super().__init__(config, [config.bind_socket()])
        self._announce = announce
        self._is_announced = False

    def run(self) -> None:
        """Returns after shutdown. Raises SystemExit when workers fail to start."""
        super().run()
        if any(worker.exitcode == STARTUP_FAILURE for worker in self.processes):
            sys.exit(STARTUP_FAILURE)

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        if not self._is_announced and all(worker.accepts_requests for worker in self.processes):
            self._is_announced = True
            self._announce(self.sockets[0])


def _exit_with_supervisor() -> None:
    supervisor = parent_process()
    assert supervisor is not None
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
