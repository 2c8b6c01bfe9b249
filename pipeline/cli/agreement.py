"""``symptograph agreement``: how far two annotators of the same texts agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import err, fail, out
from pipeline.cli.files import write_csv, write_json

if TYPE_CHECKING:
    from pipeline.evaluation.agreement import Agreement

_SHOWN_DIFFERENCES = 20


def command(
    dir_a: Annotated[Path, typer.Argument(help="Folder of one annotator's BRAT .ann files.")],
    dir_b: Annotated[Path, typer.Argument(help="Folder of the other annotator's.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all figures here.")
    ] = None,
    differences: Annotated[
        Path | None, typer.Option(help="Write every difference to this CSV.")
    ] = None,
) -> None:
    """Compare two annotators: F1, Cohen's kappa, concepts, attributes and relations.

    The texts lie beside the .ann files or in the folders above them.
    """
    from pipeline.evaluation.agreement import FIELDS, agree, read_pass

    result = agree(read_pass(dir_a), read_pass(dir_b))
    for problem in result.problems:
        fail(problem)
    if json_file is not None:
        write_json(json_file, result.as_dict())
    if differences is not None:
        write_csv(differences, FIELDS, (found.row() for found in result.differences))
    _print(result)
    if differences is None:
        _print_differences(result)


def _print(result: Agreement) -> None:
    title = f"{result.n_documents} documents, {result.n_tokens} words and punctuation marks"
    table = Table("", "agreement", "A", "B", title=title, title_justify="left")
    for name, value, counts in result.lines():
        sizes = (str(counts.gold), str(counts.predicted)) if counts else ("", "")
        table.add_row(Text(name), f"{value:.3f}", *sizes)
    out.print(table)


def _print_differences(result: Agreement) -> None:
    if not result.differences:
        return
    title = f"{len(result.differences)} differences"
    table = Table("document", "difference", "A", "B", title=title, title_justify="left")
    for found in result.differences[:_SHOWN_DIFFERENCES]:
        table.add_row(Text(found.doc_id), found.kind, Text(found.text_a), Text(found.text_b))
    out.print(table)
    if len(result.differences) > _SHOWN_DIFFERENCES:
        more = len(result.differences) - _SHOWN_DIFFERENCES
        err.print(f"… and {more} more; --differences FILE.csv has them all")
