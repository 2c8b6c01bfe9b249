"""``symptograph evaluate``: score the pipeline, or a finished run, against gold."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import err, fail, out, prepare_terminology

if TYPE_CHECKING:
    from pipeline.evaluation.report import Evaluation
    from pipeline.evaluation.scores import Counts

DEFAULT_GOLD = Path("corpus/gold")
_SHOWN_ERRORS = 20


def command(
    gold_dir: Annotated[
        Path, typer.Argument(metavar="[GOLD_DIR]", help="Folder of BRAT .txt and .ann pairs.")
    ] = DEFAULT_GOLD,
    pred: Annotated[
        Path | None, typer.Option(help="Score this run's tables instead of annotating anew.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all scores here.")] = None,
    errors: Annotated[Path | None, typer.Option(help="Write every error to this CSV.")] = None,
    profile: Annotated[str, typer.Option(help="Which pipeline: fast.")] = "fast",
) -> None:
    """Score mentions, concepts, negation and relations against hand-annotated gold."""
    from pipeline.errors import OutputError
    from pipeline.evaluation.report import evaluate, evaluate_run

    if pred is None:
        prepare_terminology()
        result = evaluate(gold_dir, profile)
    else:
        result = evaluate_run(gold_dir, pred)
    for problem in result.problems:
        fail(problem)
    try:
        if json_file is not None:
            json_file.write_text(json.dumps(result.as_dict(), indent=2) + "\n", encoding="utf-8")
        if errors is not None:
            _write_errors(result, errors)
    except OSError as error:
        raise OutputError(f"{error.filename}: cannot be written ({error.strerror})") from error
    _print(result, gold_dir)
    if errors is None:
        _print_errors(result)


def _print(result: Evaluation, gold_dir: Path) -> None:
    table = Table(
        "",
        "P",
        "R",
        "F1",
        "gold",
        title=f"{gold_dir}: {result.n_documents} documents",
        title_justify="left",
    )
    for name, counts in result.lines():
        table.add_row(name, *_cells(counts))
    out.print(table)


def _cells(counts: Counts) -> list[str]:
    return [f"{counts.precision:.3f}", f"{counts.recall:.3f}", f"{counts.f1:.3f}", str(counts.gold)]


def _print_errors(result: Evaluation) -> None:
    if not result.errors:
        return
    table = Table(
        "document",
        "error",
        "gold",
        "predicted",
        title=f"{len(result.errors)} errors",
        title_justify="left",
    )
    for error in result.errors[:_SHOWN_ERRORS]:
        table.add_row(Text(error.doc_id), error.kind, Text(error.gold), Text(error.predicted))
    out.print(table)
    if len(result.errors) > _SHOWN_ERRORS:
        err.print(
            f"… and {len(result.errors) - _SHOWN_ERRORS} more; --errors FILE.csv has them all"
        )


def _write_errors(result: Evaluation, path: Path) -> None:
    from pipeline.evaluation.errors import FIELDS

    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(FIELDS)
        writer.writerows(error.row() for error in result.errors)
