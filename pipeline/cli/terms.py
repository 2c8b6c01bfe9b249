"""``symptograph terms``: build, search and describe the compiled terminology."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import out, prepare_terminology, progress_bar

app = typer.Typer(
    help="The terminology: HPO, MONDO, UBERON, CL and our everyday terms.", no_args_is_help=True
)


@app.command()
def build() -> None:
    """Compile the terminology anew, also where that was done already."""
    from pipeline.terminology.cache import index_folder, load_index

    folder = index_folder()
    if folder.exists():
        import shutil

        shutil.rmtree(folder)
    with progress_bar("Compiling the terminology") as update:
        index = load_index(lambda stage, done, total: update(done, total, stage))
    out.print(Text(f"{len(index):,} names of {index.meta['concepts']:,} concepts in {folder}"))


@app.command()
def search(
    phrase: Annotated[list[str], typer.Argument(help="A name, as it would stand in a text.")],
) -> None:
    """Look a phrase up as the gazetteer does. Exit code 1 if nothing has that name."""
    from pipeline.terminology.cache import load_index

    prepare_terminology()
    entries = load_index().lookup(" ".join(phrase))
    if not entries:
        out.print(Text(f"No term is called {' '.join(phrase)!r}."))
        raise typer.Exit(1)
    table = Table("type", "concept", "label", "scope of the name")
    for entry in entries:
        table.add_row(entry.type, entry.curie or "–", entry.label, entry.scope)
    out.print(table)


@app.command()
def info() -> None:
    """Say which sources and versions the terminology was compiled from."""
    from pipeline.terminology.cache import load_index

    prepare_terminology()
    index = load_index()
    table = Table("source", "version", "terms")
    for name, source in index.meta["sources"].items():
        table.add_row(name, source["version"], f"{source['terms']:,}")
    out.print(table)
    out.print(
        Text(f"{len(index):,} names of {index.meta['concepts']:,} concepts in {index.folder}")
    )
