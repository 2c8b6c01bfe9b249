"""Make the page of a run: count, choose articles, score against gold, put it together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import OutputError
from pipeline.export import brat
from pipeline.export.documents import FinishedRun
from pipeline.export.places import in_place
from pipeline.report import MAX_ARTICLES, articles, corpus, page, sample, scoring

REPORT = "report.html"
# More rows than a reader ever pages through; a browser sorts so many at once.
_MAX_PAIRS = 50_000


@dataclass(frozen=True, slots=True)
class Made:
    """What was made.

    Attributes
    ----------
    n_articles
        Articles on the page.
    n_documents
        Documents of the run.
    n_bytes
        Size of the page.
    """

    path: Path
    n_articles: int
    n_documents: int
    n_bytes: int


def build(
    run_dir: Path,
    target: Path | None = None,
    title: str | None = None,
    max_articles: int = MAX_ARTICLES,
    gold: Path | None = None,
) -> Made:
    """Write the report of a finished run: one HTML file that needs nothing else.

    Parameters
    ----------
    target
        The file to write, in place of ``report.html`` in the run's folder; one that is there is
        replaced.
    max_articles
        How many articles can be read on the page; of more than that a sample is taken.
    gold
        Folder or file of gold, as :func:`~pipeline.evaluation.gold.read_gold` takes it, that the
        run is scored against; all its documents are on the page.

    Raises
    ------
    GoldError
        If there is no gold at the path, or the run lacks a gold document or has another text.
    RunError
        If the folder holds no finished run.
    OutputError
        If the file cannot be written.
    """
    run = FinishedRun.open(run_dir)
    scored = None if gold is None else scoring.score(run_dir, gold)
    chosen = sample.choose(run_dir, max_articles, scored.doc_ids if scored else ())
    counted = corpus.describe(run_dir, chosen.doc_ids, _MAX_PAIRS)
    shown = articles.collect(
        run.documents(only=chosen.doc_ids), counted.pair_of, len(counted.pairs["type"])
    )
    data = {
        "overview": counted.overview,
        "concepts": counted.concepts,
        "pairs": counted.pairs,
        "evidence": shown.evidence,
        "index": shown.index,
        "sample": {"n_documents": chosen.n_documents},
        "brat_conf": brat.CONF,
        **{f"articles-{number}": part for number, part in enumerate(shown.parts)},
    }
    if scored is not None:
        numbers = {doc_id: number for number, doc_id in enumerate(chosen.doc_ids)}
        data["evaluation"] = scored.as_data(numbers)
    content = page.render(title or _title(run_dir), data).encode()
    place = target or run_dir / REPORT
    if place.is_dir():
        raise OutputError(f"{place}: is a folder; give the name of a file with --out")
    with in_place(place, "", overwrite=True) as made:
        made.write_bytes(content)
    return Made(place, len(chosen.doc_ids), chosen.n_documents, len(content))


def _title(run_dir: Path) -> str:
    return f"Report of {run_dir.resolve().name}"
