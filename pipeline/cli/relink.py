"""``symptograph relink``: give a finished run the concepts of other terminologies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli import options
from pipeline.cli.console import out, prepare_terminology
from pipeline.cli.files import write_csv

CHANGES = "relink.csv"


def command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a finished run.")],
    terms: options.Terms = None,
    out_dir: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the tables; the run's own.")
    ] = None,
) -> None:
    """Link a finished run anew without reading its texts, and list what changed (relink.csv)."""
    from pipeline.batch.relink import FIELDS, relink

    own = terms or []
    prepare_terminology(own)
    folder = out_dir or run_dir
    result = relink(run_dir, folder, own)
    write_csv(folder / CHANGES, FIELDS, (change.row() for change in result.changes))
    table = Table(title=f"Written to {folder}", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    table.add_row("mentions", f"{result.n_mentions:,}")
    for kind, n in result.by_kind().items():
        table.add_row(f"  {kind}", f"{n:,}")
    out.print(table)
    if result.changes:
        out.print(Text(f"{folder / CHANGES} lists what changed"))
