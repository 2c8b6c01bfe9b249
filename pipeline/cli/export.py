"""``symptograph export``: the tables of a run in the formats of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.console import out


def command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a finished run.")],
    to: Annotated[
        str,
        typer.Option(
            "--to", help="brat, bioc, pubtator, docbin, label-studio, conll, omop or jsonl."
        ),
    ],
    target: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="File or folder to write; in the run's own folder.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an earlier export.")
    ] = False,
) -> None:
    """Write a run as BRAT, BioC, PubTator, DocBin, Label Studio, CoNLL, OMOP or JSON lines."""
    from pipeline.export.formats import FORMATS, export

    if to not in FORMATS:
        raise typer.BadParameter(f"give {', '.join(FORMATS)}", param_hint="--to")
    out.print(Text(f"{to} in {export(run_dir, to, target, overwrite=overwrite)}"))
