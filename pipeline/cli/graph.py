"""``symptograph graph``: the relations of a run as a graph of concepts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.console import out
from pipeline.cli.files import write_text

FORMATS = ("graphml", "kgx")


def command(
    run_dir: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a finished run.")],
    format_: Annotated[
        str, typer.Option("--format", help="graphml, or kgx (TSV of nodes and of edges).")
    ] = FORMATS[0],
    out_dir: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files; the run's own.")
    ] = None,
) -> None:
    """Write the relations of a run as a graph: graph.graphml, or nodes.tsv and edges.tsv."""
    from pipeline.export.graph import read_graph, to_graphml, to_kgx

    if format_ not in FORMATS:
        raise typer.BadParameter(f"give {' or '.join(FORMATS)}", param_hint="--format")
    graph = read_graph(run_dir)
    folder = out_dir or run_dir
    if format_ == "graphml":
        files = {"graph.graphml": to_graphml(graph)}
    else:
        files = dict(zip(("nodes.tsv", "edges.tsv"), to_kgx(graph), strict=True))
    for name, text in files.items():
        write_text(folder / name, text)
    out.print(
        f"{len(graph.nodes):,} nodes and {len(graph.edges):,} edges in "
        f"{', '.join(str(folder / name) for name in files)}"
    )
