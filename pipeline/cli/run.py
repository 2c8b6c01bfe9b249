"""``symptograph run``: annotate articles and write the tables."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from pipeline.cli import options
from pipeline.cli.console import fail, out, prepare_terminology, run_bar
from pipeline.terminology.records import ENTITY_TYPES

if TYPE_CHECKING:
    from pipeline.batch.run import RunSummary

DEFAULT_INPUT = Path("corpus/articles")
DEFAULT_OUTPUT = Path("outputs")


def command(
    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUT…",
            help="Article files, folders, URLs (s3://…), or - for stdin: text, Markdown, HTML, "
            "PDF, DOCX, JATS, BioC, PubTator, JSON lines, CSV, Parquet; also gzipped.",
            show_default=str(DEFAULT_INPUT),
        ),
    ] = None,
    out_dir: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the tables.")
    ] = DEFAULT_OUTPUT,
    profile: options.Profile = options.DEFAULT_PROFILE,
    model: options.Model = None,
    terms: options.Terms = None,
    workers: Annotated[
        int, typer.Option("--workers", "-j", min=1, help="Processes that annotate.")
    ] = 1,
    timeout: Annotated[
        float,
        typer.Option(min=0.1, help="Seconds that a document may take, for every 500 kB of it."),
    ] = 120.0,
    incremental: Annotated[
        bool,
        typer.Option(
            "--incremental",
            help="Take the rows of unchanged articles from the tables that are there.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace tables made with other settings.")
    ] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(help="Take only files whose name or path matches, as '*.html'; repeatable."),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Leave out files that match; repeatable.")
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="Column of the text, in JSON lines, CSV, Parquet.")
    ] = None,
    id_column: Annotated[str | None, typer.Option(help="Column of the id.")] = None,
    title_column: Annotated[str | None, typer.Option(help="Column of the title.")] = None,
    max_chars: Annotated[
        int, typer.Option(min=1, help="Longest article taken, in characters.")
    ] = 100_000_000,
    min_count: Annotated[
        int, typer.Option(min=1, help="Windows that a pair must share to be counted.")
    ] = 1,
    rollup: Annotated[
        bool, typer.Option("--rollup", help="Count pairs at the levels above their concepts too.")
    ] = False,
    log_json: Annotated[
        bool,
        typer.Option("--log-json", help="Write what happens as lines of JSON to stderr."),
    ] = False,
) -> None:
    """Annotate articles and write tables (CSV and Parquet) and run.json.

    A run that was broken off goes on when the same command comes again.

    Exit code: 0 all done, 1 nothing could be done, 2 wrong usage, 3 some articles failed,
    130 stopped.
    """
    from pipeline.batch.entry import PRELOAD
    from pipeline.batch.pool import prepare

    prepare(PRELOAD)
    from pipeline.articles.discover import Selection
    from pipeline.batch.run import RunOptions, run
    from pipeline.config import RunConfig

    config = RunConfig.for_profile(profile, model, terms or ()).model_copy(
        update={
            "max_chars": max_chars, "min_count": min_count, "rollup": rollup,
            "text_column": text_column, "id_column": id_column, "title_column": title_column,
        }
    )  # fmt: skip
    chosen = RunOptions(
        workers, timeout, incremental, overwrite, Selection(include or (), exclude or ()),
        sys.stderr if log_json else None,
    )  # fmt: skip
    prepare_terminology(config.term_files)
    with run_bar(hidden=log_json) as report:
        summary = run(inputs or [DEFAULT_INPUT], out_dir, config, None, report, chosen)
    if not log_json:
        for row in summary.errors:
            fail(row.message)
        _print(summary)
    if summary.interrupted:
        if not log_json:
            fail(
                f"stopped; {summary.n_done:,} articles are done and kept; "
                "run the same command again to go on"
            )
        raise typer.Exit(130)
    if summary.n_done == 0:
        raise typer.Exit(1)
    if summary.errors:
        raise typer.Exit(3)


def _print(summary: RunSummary) -> None:
    if summary.interrupted:
        return
    table = Table(title=f"Written to {summary.folder}", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("articles", f"{summary.n_done:,}")
    if summary.n_kept:
        table.add_row("  unchanged, taken over", f"{summary.n_kept:,}")
    for label in ENTITY_TYPES:
        table.add_row(f"  {label}", f"{summary.by_type.get(label, 0):,}")
    for name in ("relations", "cooccurrences", "errors"):
        table.add_row(name, f"{summary.counts.get(name, 0):,}")
    seconds = summary.seconds.get("annotate", 0.0)
    if seconds:
        table.add_row("tokens per second", f"{summary.n_tokens / seconds:,.0f}")
    out.print(table)
