"""Where worker processes come in; nothing heavy is imported until they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.batch.units import Unit
    from pipeline.batch.worker import Annotator
    from pipeline.config import RunConfig

PRELOAD = ["pipeline.batch.worker"]
# With more threads the last digits of the network's scores depend on how many there are.
THREADS = 1
_annotator: Annotator | None = None


def start(config: RunConfig, shards: Path, before: Path) -> None:
    """Make this process a worker."""
    from threadpoolctl import threadpool_limits

    from pipeline.assemble import assemble
    from pipeline.batch.worker import Annotator

    global _annotator
    threadpool_limits(THREADS)
    _annotator = Annotator(assemble(config), config, shards, before)


def work(unit: Unit) -> dict[str, int]:
    """Do a unit in this worker."""
    if _annotator is None:
        raise RuntimeError("the worker has not been started")
    return _annotator(unit)
