"""Tell what a run does: to a log file, and as lines of JSON for a scheduler."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from pipeline.errors import unwritable

LOG_FILE = "run.log"


class RunLog:
    """The log of a run: ``run.log`` in the output folder, added to by every run there.

    Parameters
    ----------
    stream
        Takes every event as a line of JSON too, where one is given.

    Raises
    ------
    OutputError
        If the log cannot be written.
    """

    def __init__(self, folder: Path, stream: TextIO | None = None) -> None:
        # A logger of its own, known to nobody: an application's logging stays as it is.
        self._logger = logging.Logger("symptograph", logging.INFO)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = logging.FileHandler(folder / LOG_FILE, encoding="utf-8")
        except OSError as error:
            raise unwritable(folder, error) from error
        file.setFormatter(_Plain())
        self._logger.addHandler(file)
        if stream is not None:
            lines = logging.StreamHandler(stream)
            lines.setFormatter(_Json())
            self._logger.addHandler(lines)

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.tell("failed", logging.ERROR, reason=" ".join(str(error).split()))
        for handler in self._logger.handlers:
            handler.close()

    def tell(self, event: str, level: int = logging.INFO, **values: Any) -> None:
        """Note an event with its values."""
        self._logger.log(level, event, extra={"values": values})


def _time(record: logging.LogRecord) -> str:
    when = datetime.fromtimestamp(record.created, timezone.utc)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        values: dict[str, Any] = getattr(record, "values", {})
        told = " ".join(f"{name}={json.dumps(value)}" for name, value in values.items())
        return f"{_time(record)} {record.levelname} {record.msg} {told}".rstrip()


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        head = {"time": _time(record), "level": record.levelname.lower(), "event": record.msg}
        return json.dumps(head | getattr(record, "values", {}))
