"""``symptograph run``: annotate articles and write the tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pipeline.cli import options
from pipeline.cli.console import fail, out, prepare_terminology, progress_bar
from pipeline.terminology.records import ENTITY_TYPES

if TYPE_CHECKING:
    from spacy.language import Language

    from pipeline.batch.run import RunSummary

DEFAULT_INPUT = Path("corpus/articles")
DEFAULT_OUTPUT = Path("outputs")


def command(
    inputs: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="INPUT…",
            help="Article files or folders (.txt, .md).",
            show_default=str(DEFAULT_INPUT),
        ),
    ] = None,
    out_dir: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the tables.")
    ] = DEFAULT_OUTPUT,
    profile: options.Profile = options.DEFAULT_PROFILE,
    model: options.Model = None,
    terms: options.Terms = None,
    max_chars: Annotated[
        int, typer.Option(min=1, help="Longest article taken, in characters.")
    ] = 2_000_000,
    min_count: Annotated[
        int, typer.Option(min=1, help="Windows that a pair must share to be counted.")
    ] = 1,
    rollup: Annotated[
        bool, typer.Option("--rollup", help="Count pairs at the levels above their concepts too.")
    ] = False,
) -> None:
    """Annotate articles and write tables (CSV and Parquet) and run.json.

    Exit code: 0 all done, 1 nothing could be done, 2 wrong usage, 3 some files failed.
    """
    from pipeline.assemble import assemble
    from pipeline.batch.run import run
    from pipeline.config import RunConfig

    config = RunConfig.for_profile(profile, model, terms or ()).model_copy(
        update={"max_chars": max_chars, "min_count": min_count, "rollup": rollup}
    )

    def load() -> Language:
        prepare_terminology(config.term_files)
        return assemble(config)

    with progress_bar("Annotating") as update:
        summary = run(inputs or [DEFAULT_INPUT], out_dir, config, load, update)
    for _, _, stage, _, message in summary.errors:
        if stage != "run":  # what was left undone is told in one line
            fail(message)
    if summary.interrupted:
        left = summary.n_files - summary.n_done
        fail(f"stopped; {summary.n_done} articles are done, {left} are left (see errors.csv)")
    _print(summary)
    if summary.n_done == 0:
        raise typer.Exit(1)
    if summary.errors:
        raise typer.Exit(3)


def _print(summary: RunSummary) -> None:
    table = Table(title=f"Written to {summary.folder}", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("articles", f"{summary.n_done:,}")
    for label in ENTITY_TYPES:
        table.add_row(f"  {label}", f"{summary.by_type.get(label, 0):,}")
    for name in ("relations", "cooccurrences", "errors"):
        table.add_row(name, f"{summary.counts.get(name, 0):,}")
    seconds = summary.seconds.get("annotate", 0.0)
    if seconds:
        table.add_row("tokens per second", f"{summary.n_tokens / seconds:,.0f}")
    out.print(table)
