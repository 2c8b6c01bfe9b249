"""Annotate what a Python program has at hand, texts and files, as ``symptograph run`` would."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeGuard

from pipeline.articles.discover import printable
from pipeline.articles.formats import SUFFIXES, suffix_of
from pipeline.assemble import assemble, made_with
from pipeline.batch.run import RunOptions, run
from pipeline.config import RunConfig
from pipeline.errors import ConfigError
from pipeline.records import Article, text_digest
from pipeline.tables.frames import read_tables
from pipeline.tables.tables import Tables

if TYPE_CHECKING:
    from spacy.language import Language

_WHAT = "give texts as str, files and folders as pathlib.Path, or (id, text) pairs of str"
_MAX_PATH = 4096
_SURROGATE = re.compile("[\ud800-\udfff]")


def extract(articles: object, config: RunConfig, nlp: Language | None, workers: int) -> Tables:
    """Annotate articles in a folder that is gone afterwards; see :func:`pipeline.extract`.

    Parameters
    ----------
    nlp
        The pipeline of the configuration, if it is there already.
    workers
        Processes that annotate; 1 is this process.
    """
    texts, paths = sort_out(articles)

    def load() -> Language:
        return nlp or assemble(config)

    # An interrupt ends the call at once: nothing of it would be there to go on with.
    options = RunOptions(workers=workers, stoppable=False)
    with TemporaryDirectory(prefix="symptograph-") as scratch:
        folder = Path(scratch)
        run(paths, folder, config, load if workers == 1 else None, None, options, texts)
        return read_tables(folder)


def settings(
    profile: str,
    model: Path | str | None,
    terms: Iterable[Path | str],
    nlp: Language | None,
    workers: int,
) -> RunConfig:
    """The settings of a call.

    Raises
    ------
    ConfigError
        If they do not go together.
    """
    own = [Path(path) for path in terms]
    if workers < 1:
        raise ConfigError(f"workers: {workers} cannot annotate anything; give 1 or more")
    if nlp is None:
        return RunConfig.for_profile(profile, None if model is None else Path(model), own)
    if workers > 1:
        raise ConfigError("workers load pipelines of their own; leave out nlp or workers")
    config = made_with(nlp)
    if model is not None or own or profile not in (RunConfig().profile, config.profile):
        raise ConfigError(
            "nlp has a profile, a model and terms already; give them to pipeline.load() alone"
        )
    return config


def sort_out(articles: object) -> tuple[list[Article], list[Path | str]]:
    """Tell texts from files and folders.

    Raises
    ------
    TypeError
        If something is neither.
    ValueError
        If a text is the name of a file.
    """
    texts: list[Article] = []
    paths: list[Path | str] = []
    for number, given in enumerate(_each(articles), start=1):
        name = f"text-{len(texts) + 1}"
        if isinstance(given, str):
            texts.append(_article(name, _no_file_name(given)))
        elif isinstance(given, os.PathLike):
            paths.append(Path(os.fsdecode(given)))
        elif _is_pair(given):
            doc_id, text = given
            texts.append(_article(printable(" ".join(doc_id.split())) or name, text))
        else:
            raise TypeError(f"article {number} is a {type(given).__name__}; {_WHAT}")
    return texts, paths


def _each(articles: object) -> Iterable[object]:
    """One article after the other; one alone is as good as a list."""
    if isinstance(articles, str | os.PathLike):
        return [articles]
    # Iterating over mappings and data frames gives their keys, over bytes gives numbers.
    keyed = isinstance(articles, bytes | Mapping) or hasattr(articles, "columns")
    if keyed or not isinstance(articles, Iterable):
        raise TypeError(f"a {type(articles).__name__} cannot be annotated; {_WHAT}")
    return articles


def _is_pair(given: object) -> TypeGuard[tuple[str, str]]:
    return (
        isinstance(given, tuple)
        and len(given) == 2
        and all(isinstance(part, str) for part in given)
    )


def _article(doc_id: str, text: str) -> Article:
    # As readers do with what is no character; the text stays as long as it is, so offsets fit it.
    text = _SURROGATE.sub("\ufffd", str(text))
    return Article(doc_id, doc_id, text, sha256=text_digest(text))


def _no_file_name(text: str) -> str:
    """A text as it is, unless somebody must have meant the file.

    Raises
    ------
    ValueError
        If so.
    """
    name = text.strip()
    if name and len(name) < _MAX_PATH and len(name.splitlines()) == 1 and _names_a_file(name):
        raise ValueError(
            f"{name!r} is a file name, not a text; give pathlib.Path({name!r}), "
            "or an (id, text) pair if it is the text"
        )
    return text


def _names_a_file(line: str) -> bool:
    try:
        if Path(line).exists():
            return True
    except (OSError, ValueError):  # too long a name, or not one at all
        return False
    # One word with a suffix that we read is the name of a file that lies somewhere else.
    return "://" not in line and len(line.split()) == 1 and suffix_of(line) in SUFFIXES
