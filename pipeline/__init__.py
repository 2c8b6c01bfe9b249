"""symptograph: conditions, symptoms and body parts in health articles, as tables.

Importing this package changes nothing: no extension attributes, no logging, no downloads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

    from pipeline.tables.tables import Tables

__version__ = "0.1.0"

__all__ = ["__version__", "extract", "load", "read_tables"]


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


def extract(
    articles: str | PathLike[str] | Iterable[str | PathLike[str] | tuple[str, str]],
    *,
    profile: str = "accurate",
    model: Path | str | None = None,
    terms: Sequence[Path | str] = (),
    nlp: Language | None = None,
    workers: int = 1,
    rollup: bool = False,
) -> Tables:
    """Find conditions, symptoms and body parts in articles, and how they go together.

    The tables are those that ``symptograph run`` writes of the same articles, in memory; for more
    articles than fit there, run that and use :func:`read_tables`. Nothing is printed or left on
    the disk. What cannot be read or annotated is a row of ``errors``, and the rest is done.

    Parameters
    ----------
    articles
        A text (``str``), a file or folder (``Path``; every format that ``symptograph run`` reads),
        an ``(id, text)`` pair in a list, or any mixture of them, a generator too. Texts without an
        id are ``text-1``, ``text-2`` …, by their place among the texts. Texts come before files,
        as they were given, files by their ids.
    profile, model, terms
        As for :func:`load`.
    nlp
        What :func:`load` gave, in place of these three, so that many calls load it once. (It is
        yours to keep and to let go; this function keeps no pipeline.) Components that you have
        added to it work too.
    workers
        Processes that annotate. 1 is this process, without time limits; more of them need the
        script to be guarded by ``if __name__ == "__main__":``.
    rollup
        Whether pairs are counted at the levels above their concepts too, in ``rollups``.

    Returns
    -------
    Tables
        A pandas data frame for every table; of no articles, empty ones.

    Raises
    ------
    TypeError
        If something is neither a text nor a path.
    ValueError
        If a text is the name of a file.
    pipeline.errors.ConfigError, pipeline.errors.TerminologyError
        As :func:`load`; also if the settings do not go together.

    Examples
    --------
    >>> tables = extract("Flu causes fever. It does not cause chest pain.")
    >>> tables.entities[["text", "type", "negated"]].values.tolist()
    [['Flu', 'CONDITION', False], ['fever', 'SYMPTOM', False], ['chest pain', 'SYMPTOM', True],
     ['chest', 'BODY_PART', False]]
    """
    from pipeline.batch import extraction

    config = extraction.settings(profile, model, terms, nlp, workers)
    config = config.model_copy(update={"rollup": rollup})
    return extraction.extract(articles, config, nlp, workers)


def read_tables(folder: Path | str) -> Tables:
    """Read the tables of a finished run as pandas data frames.

    Parameters
    ----------
    folder
        What ``symptograph run --out`` wrote to.

    Raises
    ------
    pipeline.errors.RunError
        If the folder does not hold the tables of a run.
    """
    from pipeline.tables import frames

    return frames.read_tables(Path(folder))
