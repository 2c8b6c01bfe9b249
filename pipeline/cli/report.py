"""``symptograph report``: a finished run as one HTML page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.console import out
from pipeline.report import MAX_ARTICLES


def command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a finished run.")],
    target: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File to write; report.html in the run's own folder.",
            show_default=False,
        ),
    ] = None,
    title: Annotated[str | None, typer.Option(help="Heading of the page.")] = None,
    max_articles: Annotated[
        int, typer.Option(min=1, help="Of more articles a sample can be read on the page.")
    ] = MAX_ARTICLES,
    gold: Annotated[
        Path | None,
        typer.Option(
            help="Gold as evaluate takes it; the page gets its scores and each error in context.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a run as one HTML page to look at, check and correct, which works offline."""
    from pipeline.report.build import build

    made = build(run_dir, target, title, max_articles, gold)
    shown = f"{made.n_articles:,}"
    if made.n_articles < made.n_documents:
        shown += f" (a sample) of {made.n_documents:,}"
    noun = "article" if made.n_documents == 1 else "articles"
    out.print(Text(f"{shown} {noun}, {made.n_bytes / 1e6:.1f} MB, in {made.path}"))
