"""Processes that do one task after another, and may die or hang without harm.

Every slot is an executor of the standard library with one process. Nothing is shared between the
processes, no queue and no lock, so that one that is killed at any moment takes nothing with it but
its own task. (In a pool of several the workers share a pipe and its lock: one that dies with the
lock in its hand stops the others.)
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

from pipeline.errors import SymptographError

Task = TypeVar("Task")
Outcome = tuple[Task, Any]
_TICK_S = 0.2
# A process that cannot even start is not tried for ever.
_MAX_FALSE_STARTS = 5
# Windows has no SIGKILL; there SIGTERM ends a process as surely.
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class StartError(SymptographError):
    """Processes end before they can take a task."""


@dataclass(slots=True)
class _Slot(Generic[Task]):
    executor: ProcessPoolExecutor
    ready: Future[int]
    task: Task | None = None
    seconds: float = 0.0
    future: Future[Any] | None = None
    deadline: float | None = None
    hung: bool = False


class WorkerPool(Generic[Task]):
    """Does tasks in processes of their own.

    Parameters
    ----------
    work
        Does a task; a function of a module.
    start
        Called first in every process, with ``arguments``.
    preload
        Modules that all processes need, loaded once for all of them where the system can fork.
    """

    def __init__(
        self,
        n_workers: int,
        work: Callable[[Task], Any],
        start: Callable[..., None],
        arguments: tuple[Any, ...] = (),
        preload: list[str] | None = None,
    ) -> None:
        self._work = work
        self._start = start
        self._arguments = arguments
        self._context = _context(preload or [])
        self._n_workers = n_workers
        self._slots: list[_Slot[Task]] = []
        self._false_starts = 0

    def __enter__(self) -> WorkerPool[Task]:
        return self

    def __exit__(self, *error: object) -> None:
        for slot in self._slots:
            _end(slot)

    @property
    def has_room(self) -> bool:
        """Whether a task would be begun at once."""
        return self.n_busy < self._n_workers

    @property
    def n_busy(self) -> int:
        """Tasks in hand."""
        return sum(slot.task is not None for slot in self._slots)

    def kill(self) -> None:
        """End all processes at once; their tasks have died."""
        for slot in self._slots:
            _kill(slot)

    def submit(self, task: Task, seconds: float) -> None:
        """Begin a task that may take some seconds."""
        slot = next((s for s in self._slots if s.task is None), None) or self._add()
        slot.task, slot.seconds = task, seconds
        slot.deadline, slot.hung = None, False
        try:
            slot.future = slot.executor.submit(self._work, task)
        except BrokenProcessPool:  # it died with nothing in its hand
            self._remove(slot)
            self.submit(task, seconds)

    def wait(self) -> list[Outcome[Task]]:
        """Tasks that have ended, each with its result, its error, ``"died"`` or ``"hung"``.

        Comes back after a moment, maybe with none.

        Raises
        ------
        StartError
            If processes end again and again before they can take a task.
        Exception
            What ``start`` raised in a process.
        """
        busy = [slot for slot in self._slots if slot.future is not None]
        wait([s.future for s in busy if s.future], timeout=_TICK_S, return_when=FIRST_COMPLETED)
        ended: list[Outcome[Task]] = []
        for slot in busy:
            assert slot.future is not None
            if slot.future.done():
                ended += self._outcome(slot)
            elif slot.ready.done() and slot.deadline is None:
                slot.deadline = time.monotonic() + slot.seconds
            elif slot.deadline is not None and time.monotonic() > slot.deadline and not slot.hung:
                slot.hung = True
                _kill(slot)
        return ended

    def _outcome(self, slot: _Slot[Task]) -> list[Outcome[Task]]:
        task, future = slot.task, slot.future
        if task is None or future is None:
            return []
        failed = slot.ready.exception()
        if failed is not None and not isinstance(failed, BrokenProcessPool):
            raise failed
        error = future.exception()
        if not isinstance(error, BrokenProcessPool):
            slot.task = slot.future = None
            self._false_starts = 0
            return [(task, future.result() if error is None else error)]
        self._remove(slot)
        if failed is None:
            return [(task, "hung" if slot.hung else "died")]
        self._false_starts += 1
        if self._false_starts > _MAX_FALSE_STARTS:
            raise StartError(
                "the worker processes end before they have started (out of memory?); "
                "use fewer --workers"
            )
        self.submit(task, slot.seconds)
        return []

    def _add(self) -> _Slot[Task]:
        executor = ProcessPoolExecutor(
            1, mp_context=self._context, initializer=_begin,
            initargs=(self._start, self._arguments),
        )  # fmt: skip
        slot: _Slot[Task] = _Slot(executor, executor.submit(_ready))
        self._slots.append(slot)
        return slot

    def _remove(self, slot: _Slot[Task]) -> None:
        self._slots.remove(slot)
        _end(slot)


def _context(preload: list[str]) -> BaseContext:
    """How processes are started: copies of one that has the modules loaded, or from nothing.

    Never copies of this one: it has threads, whose locks a copy would find taken.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(preload)
    return context


def prepare(preload: list[str]) -> None:
    """Begin to load what processes need, while this process does something else."""
    if _context(preload).get_start_method() == "forkserver":
        from multiprocessing.forkserver import ensure_running

        ensure_running()


_failure: BaseException | None = None


def _begin(start: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    """Begin a process: what goes wrong is told with the first task."""
    global _failure
    # Ctrl-C in a terminal goes to all processes; what is to be done about it the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        start(*arguments)
    except Exception as error:
        _failure = error


def _ready() -> int:
    if _failure is not None:
        raise _failure
    return os.getpid()


def _end_with_parent() -> None:
    """End this process when its parent has ended, however that came."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _kill(slot: _Slot[Any]) -> None:
    if slot.ready.done() and slot.ready.exception() is None:
        with suppress(ProcessLookupError):
            os.kill(slot.ready.result(), _KILL)


def _end(slot: _Slot[Any]) -> None:
    _kill(slot)
    slot.executor.shutdown(wait=slot.ready.done(), cancel_futures=True)
