"""Read the tables of a run as pandas data frames."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from pipeline.errors import RunError
from pipeline.tables.schema import TABLES


def read_frames(folder: Path) -> dict[str, pd.DataFrame]:
    """Every table of a run, by name, from its Parquet file (the raw text, typed columns).

    Raises
    ------
    RunError
        If the folder does not hold the tables of a run.
    """
    try:
        return {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    except OSError as error:
        raise RunError(f"{folder}: no finished run there; give the --out folder of one") from error
