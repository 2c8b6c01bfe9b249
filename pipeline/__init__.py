"""symptograph: conditions, symptoms and body parts in health articles, as tables.

Importing this package changes nothing: no extension attributes, no logging, no downloads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from spacy.language import Language

__version__ = "0.1.0"

__all__ = ["__version__", "load", "read_tables"]


def load(
    profile: str = "accurate",
    model: Path | str | None = None,
    terms: Sequence[Path | str] = (),
) -> Language:
    """Build the spaCy pipeline of a profile.

    Parameters
    ----------
    profile
        ``"accurate"``: gazetteer, patterns and a trained network; ``"fast"``: without the network.
    model
        Folder of a model of your own, in place of the one that is shipped.
    terms
        Terminology files of your own (.obo, .json, .csv): each takes the place of the built-in
        source of its prefix, or is added.

    Returns
    -------
    Language
        A pipeline whose Docs hold mentions in ``doc.spans["sc"]`` and relations in
        ``doc._.relations``.

    Raises
    ------
    pipeline.errors.ConfigError
        If the profile does not exist, or the folder holds no model.
    pipeline.errors.TerminologyError
        If a terminology file cannot be read.

    Examples
    --------
    >>> nlp = load()
    >>> doc = nlp("Multiple sclerosis causes weakness in the legs.")
    >>> [(span.text, span.label_) for span in doc.spans["sc"]]
    [('Multiple sclerosis', 'CONDITION'), ('weakness in the legs', 'SYMPTOM'),
     ('legs', 'BODY_PART')]
    """
    from pipeline.assemble import assemble
    from pipeline.config import RunConfig

    own = [Path(path) for path in terms]
    return assemble(RunConfig.for_profile(profile, None if model is None else Path(model), own))


def read_tables(folder: Path | str) -> dict[str, pd.DataFrame]:
    """Read the tables of a finished run as pandas data frames, by name.

    Parameters
    ----------
    folder
        What ``symptograph run --out`` wrote to.

    Raises
    ------
    pipeline.errors.RunError
        If the folder does not hold the tables of a run.
    """
    from pipeline.tables.frames import read_frames

    return read_frames(Path(folder))
