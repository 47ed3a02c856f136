"""Warnings about values that clients chose, limited so that no client can fill the log."""

import logging
from time import monotonic

PERIOD_SECONDS = 60.0
MAX_VALUES = 10
"""Values that are logged in a period."""
MAX_LENGTH = 200


class LimitedLog:
    """Logs one message with different values of a field: each value once in a period, and few of many."""

    def __init__(self, logger: logging.Logger, message: str, field: str) -> None:
        self._logger = logger
        self._message = message
        self._field = field
        self._period_ends = 0.0
        self._logged: set[str] = set()
        self._omitted = 0

    def warn(self, value: str) -> None:
        """Log this value, cut to its maximum length, unless it or enough others were logged lately."""
        now = monotonic()
        if now >= self._period_ends:
            self._begin_period(now)
        value = value[:MAX_LENGTH]
        if value in self._logged:
            return
        if len(self._logged) >= MAX_VALUES:
            self._omitted += 1
            return
        self._logged.add(value)
        self._logger.warning(self._message, extra={self._field: value})

    def _begin_period(self, now: float) -> None:
        if self._omitted:
            self._logger.warning("%s: some were not logged", self._message, extra={"count": self._omitted})
        self._period_ends = now + PERIOD_SECONDS
        self._logged.clear()
        self._omitted = 0
