"""What all commands use to talk to the terminal; only the command line prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

if TYPE_CHECKING:
    from pipeline.batch.run import Progress as RunProgress

out = Console()
err = Console(stderr=True)


def fail(message: str) -> None:
    """Print one line about something that went wrong."""
    err.print(Text(f"symptograph: {message}"), style="red", soft_wrap=True)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A progress bar on stderr; nothing at all where stderr is no terminal.

    Yields
    ------
    Callable
        To be told the units done, the units in all (0: not known yet) and the unit in hand.
    """
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[current]}", markup=True),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as progress:
        task = progress.add_task(what, total=None, current="")

        def update(done: int, total: int, current: str) -> None:
            shown = current if len(current) <= 40 else "…" + current[-39:]
            progress.update(
                task, completed=done, total=total or None, current=shown.replace("[", r"\[")
            )

        yield update


@contextmanager
def run_bar(*, hidden: bool) -> Iterator[Callable[[RunProgress], None]]:
    """The progress of a run on stderr: documents, MB, speed, errors, time left.

    Yields
    ------
    Callable
        To be told how far the run is.
    """
    with Progress(
        TextColumn("Annotating"),
        BarColumn(),
        TextColumn("{task.fields[told]}"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=hidden or not err.is_terminal,
    ) as bar:
        task = bar.add_task("run", total=None, told="")

        def report(now: RunProgress) -> None:
            speed = now.n_tokens / now.seconds if now.seconds else 0.0
            told = (
                f"{now.n_done:,} documents, {now.n_bytes_done / 1e6:,.1f} of "
                f"{now.n_bytes / 1e6:,.1f} MB, {speed:,.0f} tokens/s, {now.n_failed:,} errors"
            )
            bar.update(task, completed=now.n_bytes_done, total=now.n_bytes or None, told=told)

        yield report


def prepare_terminology(own: Sequence[Path] = ()) -> None:
    """Compile the terminology if that is still to be done, with a progress bar."""
    from pipeline.terminology.cache import index_folder, load_index

    if (index_folder(own) / "meta.json").exists():
        return
    if not err.is_terminal:
        err.print("symptograph: first run, compiling the terminology (about 20 seconds) …")
    with progress_bar("Compiling the terminology (first run only)") as update:
        load_index(lambda stage, done, total: update(done, total, stage), own)
