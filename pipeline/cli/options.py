"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[
    str, typer.Option("--profile", help="Which pipeline: accurate, or fast (without the network).")
]
Model = Annotated[
    Path | None,
    typer.Option("--model", help="A model of your own, from `symptograph train`."),
]
Terms = Annotated[
    list[Path] | None,
    typer.Option(
        "--terms",
        help="Terminology of your own (.obo, .json, .csv): replaces the built-in source of its "
        "prefix, or is added; may be given again.",
    ),
]
DEFAULT_PROFILE = "accurate"
