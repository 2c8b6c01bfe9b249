"""The formats that the tables of a run can be turned into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.export import bioc, brat, conll, docbin, jsonl, label_studio, omop, pubtator
from pipeline.export.documents import FinishedRun
from pipeline.export.places import in_place


@dataclass(frozen=True, slots=True)
class Format:
    """How a format is written.

    Attributes
    ----------
    name
        Of the file or folder, where the user gives none.
    marker
        A file that every folder of the format has; empty where the format is one file.
    """

    write: Callable[[FinishedRun, Path], None]
    name: str
    marker: str = ""


FORMATS = {
    "brat": Format(brat.write, "brat", brat.MARKER),
    "bioc": Format(bioc.write, "bioc.xml"),
    "pubtator": Format(pubtator.write, "export.pubtator"),
    "docbin": Format(docbin.write, "docbin", docbin.MARKER),
    "label-studio": Format(label_studio.write, "label-studio", label_studio.MARKER),
    "conll": Format(conll.write, "export.conll"),
    "omop": Format(omop.write, "omop", omop.MARKER),
    "jsonl": Format(jsonl.write, "export.jsonl"),
}


def export(run_dir: Path, to: str, target: Path | None = None, *, overwrite: bool = False) -> Path:
    """Write a finished run in another format.

    Parameters
    ----------
    to
        A key of ``FORMATS``.
    target
        The file or folder to write; in the run's own folder where none is given.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    RunError
        If the folder holds no finished run.
    OutputError
        If the target cannot be written, or holds something and is not to be overwritten.
    """
    run, chosen = FinishedRun.open(run_dir), FORMATS[to]
    path = target or run_dir / chosen.name
    with in_place(path, chosen.marker, overwrite=overwrite) as place:
        chosen.write(run, place)
    return path
