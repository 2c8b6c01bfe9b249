"""``symptograph evaluate``: score the pipeline, or a finished run, against gold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli import options
from pipeline.cli.console import err, fail, out, prepare_terminology
from pipeline.cli.files import write_csv, write_json

if TYPE_CHECKING:
    from pipeline.evaluation.report import Evaluation
    from pipeline.evaluation.scores import Counts
    from pipeline.evaluation.statistics import Comparison

DEFAULT_GOLD = Path("corpus/gold")
_SHOWN_ERRORS = 20
_SHOWN_PROBLEMS = 20


def command(
    gold_dir: Annotated[
        Path,
        typer.Argument(
            metavar="[GOLD]",
            help="Folder or file: BRAT, BioC, PubTator, CoNLL, spaCy DocBin or JSON lines.",
        ),
    ] = DEFAULT_GOLD,
    pred: Annotated[
        Path | None, typer.Option(help="Score this run's tables instead of annotating anew.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all scores here.")] = None,
    errors: Annotated[Path | None, typer.Option(help="Write every error to this CSV.")] = None,
    compare_with: Annotated[
        Path | None,
        typer.Option("--compare", help="Another run over the same texts, to compare with."),
    ] = None,
    label_map: Annotated[
        str | None,
        typer.Option("--map", help="Labels of the gold, as DISEASE=CONDITION,SIGN=SYMPTOM."),
    ] = None,
    traps: Annotated[
        Path | None,
        typer.Option(help="Answer the traps of this folder instead, as tests/traps."),
    ] = None,
    contiguous: Annotated[
        bool, typer.Option("--contiguous", help="Leave out gold mentions in several parts.")
    ] = False,
    gold_mentions: Annotated[
        bool,
        typer.Option("--gold-mentions", help="Score relations between the mentions of the gold."),
    ] = False,
    profile: options.Profile = options.DEFAULT_PROFILE,
    model: options.Model = None,
) -> None:
    """Score mentions, concepts, negation and relations against hand-annotated gold."""
    from pipeline.evaluation.errors import FIELDS
    from pipeline.evaluation.gold import parse_label_map
    from pipeline.evaluation.report import compare, evaluate, evaluate_run

    if traps is not None:
        _answer_traps(traps, profile, model, errors)
        return
    if gold_mentions and pred is not None:
        raise typer.BadParameter("a finished run has mentions of its own", param_hint="--pred")
    labels = parse_label_map(label_map) if label_map is not None else None
    if pred is None:
        prepare_terminology()
        result = evaluate(gold_dir, profile, labels, model, contiguous, gold_mentions)
    else:
        result = evaluate_run(gold_dir, pred, labels, contiguous)
    for problem in result.problems[:_SHOWN_PROBLEMS]:
        fail(problem)
    if len(result.problems) > _SHOWN_PROBLEMS:
        fail(f"… and {len(result.problems) - _SHOWN_PROBLEMS} more lines of gold; --json has them")
    if json_file is not None:
        write_json(json_file, result.as_dict())
    if errors is not None:
        write_csv(errors, FIELDS, (found.row() for found in result.errors))
    _print(result, gold_dir)
    if compare_with is not None:
        _print_comparison(
            compare(result, evaluate_run(gold_dir, compare_with, labels, contiguous)),
            compare_with,
        )
    if errors is None:
        _print_errors(result)


def _answer_traps(folder: Path, profile: str, model: Path | None, errors: Path | None) -> None:
    import pipeline
    from pipeline.evaluation.traps import ANSWER_FIELDS, answer_traps, pass_rates, read_traps

    found = read_traps(folder)
    prepare_terminology()
    answers = answer_traps(found, pipeline.load(profile, model))
    table = Table("group", "passed", "traps", "rate", title=str(folder), title_justify="left")
    for group, (passed, total) in pass_rates(answers).items():
        table.add_row(group, str(passed), str(total), f"{passed / total:.3f}")
    out.print(table)
    if errors is not None:
        write_csv(errors, ANSWER_FIELDS, (a.row() for a in answers if not a.passed))


def _print(result: Evaluation, gold_dir: Path) -> None:
    from pipeline.evaluation.statistics import bootstrap_interval

    title = f"{gold_dir}: {result.n_documents} documents"
    table = Table("", "P", "R", "F1", "95 %", "gold", title=title, title_justify="left")
    by_document = result.by_document()
    for name, counts in result.lines():
        low, high = bootstrap_interval(by_document[name])
        *scores, gold = _cells(counts)
        table.add_row(name, *scores, f"{low:.3f} to {high:.3f}", gold)
    out.print(table)
    means = Table("", "P", "R", "F1", title="Means over documents", title_justify="left")
    for name, mean in result.means():
        means.add_row(name, *(f"{v:.3f}" for v in (mean.precision, mean.recall, mean.f1)))
    out.print(means)


def _print_comparison(comparisons: dict[str, Comparison], other: Path) -> None:
    table = Table(
        "", "difference in F1", "95 %", "p", title=f"Against {other}", title_justify="left"
    )
    for name, found in comparisons.items():
        interval = f"{found.low:+.3f} to {found.high:+.3f}"
        table.add_row(name, f"{found.difference:+.3f}", interval, f"{found.p_value:.4f}")
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
