"""``symptograph train``: fit the recogniser to annotated articles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.console import err, out, prepare_terminology

if TYPE_CHECKING:
    from pipeline.evaluation.scores import Counts


def command(
    train_dirs: Annotated[
        list[Path],
        typer.Option(
            "--train", help="Folder or file of annotated articles; give it again for more."
        ),
    ],
    dev_dirs: Annotated[
        list[Path],
        typer.Option("--dev", help="Folder or file for scores and calibration, never trained."),
    ],
    out_dir: Annotated[Path, typer.Option("--out", "-o", help="Folder for the model.")],
    label_map: Annotated[
        str | None,
        typer.Option("--map", help="Other people's labels, as DISEASE=CONDITION,SIGN=SYMPTOM."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the articles.")] = 7,
    seed: Annotated[int, typer.Option(min=0, help="Of weights and order.")] = 0,
) -> None:
    """Train the recogniser of profile accurate and write a spaCy model directory.

    A label that no article of a folder has counts as not annotated there. A folder that is given
    twice counts twice. Use the model with --model.
    """
    from pipeline.evaluation.gold import parse_label_map
    from pipeline.training.settings import TrainSettings
    from pipeline.training.train import read_corpus, train, write_model

    labels = parse_label_map(label_map) if label_map is not None else None
    corpora = [read_corpus(path, labels) for path in train_dirs]
    development = [read_corpus(path, labels) for path in dev_dirs]
    prepare_terminology()

    def report(epoch: int, loss: float) -> None:
        err.print(f"epoch {epoch + 1} of {epochs}, loss {loss:.4f}")

    nlp, scores = train(corpora, development, TrainSettings(epochs=epochs, seed=seed), report)
    write_model(nlp, out_dir)
    _print(scores)
    out.print(Text(f"Written to {out_dir}"))


def _print(scores: dict[str, Counts]) -> None:
    table = Table("", "P", "R", "F1", "gold", title="Network alone, strict", title_justify="left")
    for label, counts in scores.items():
        values = (counts.precision, counts.recall, counts.f1)
        table.add_row(label, *(f"{value:.3f}" for value in values), str(counts.gold))
    out.print(table)
