"""The ``symptograph`` command: one module a command, each calling one plain function."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from pipeline import __version__
from pipeline.cli import (
    agreement,
    evaluate,
    export,
    graph,
    relink,
    report,
    run,
    show,
    sql,
    terms,
    train,
    why,
)
from pipeline.cli.console import fail
from pipeline.errors import StoppedError, SymptographError

app = typer.Typer(
    name="symptograph",
    help="Conditions, symptoms and body parts in health articles, and how they go together.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.command)
app.command("relink")(relink.command)
app.command("show")(show.command)
app.command("evaluate")(evaluate.command)
app.command("agreement")(agreement.command)
app.command("train")(train.command)
app.command("why")(why.command)
app.command("graph")(graph.command)
app.command("export")(export.command)
app.command("report")(report.command)
app.command("sql")(sql.command)
app.add_typer(terms.app, name="terms")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"symptograph {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Read health articles and write tables of what is in them."""


def main() -> None:
    """Run the command line; known errors are one line on stderr, exit code 1."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal or pipe that cannot show a character gets its escape, not a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except StoppedError as error:
        fail(str(error))
        sys.exit(130)
    except SymptographError as error:
        fail(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output (head, less) has gone: nothing is wrong.
        sys.stderr.close()
        sys.exit(0)
