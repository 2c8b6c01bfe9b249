"""Find the article files below the given paths and name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ArticleError

SUFFIXES = (".txt", ".md", ".markdown")


@dataclass(frozen=True, slots=True)
class Source:
    """A file that should hold an article, and the document id it will have."""

    doc_id: str
    path: Path


def discover(inputs: Iterable[Path]) -> tuple[list[Source], list[tuple[Path, ArticleError]]]:
    """List the article files of files and folders, by document id.

    The id is the path below the given folder without its suffix; the suffix stays where two files
    would have the same id, and the whole path where even that is not enough. A file that is given
    twice counts once.

    Returns
    -------
    tuple
        The files found, and the inputs that hold none with the reason why.
    """
    found: dict[Path, str] = {}
    failed: list[tuple[Path, ArticleError]] = []
    for given in inputs:
        try:
            for path, name in _files(given):
                found.setdefault(path, name)
        except ArticleError as error:
            failed.append((given, error))
    return sorted(_named(found), key=_by_id), failed


def _by_id(source: Source) -> str:
    return source.doc_id


def _files(given: Path) -> Iterator[tuple[Path, str]]:
    if given.is_dir():
        files = sorted(p for p in given.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
        if not files:
            wanted = ", ".join(SUFFIXES)
            raise ArticleError(
                f"{given}: no articles in this folder; it should hold {wanted} files"
            )
        for path in files:
            yield path, path.relative_to(given).as_posix()
    elif given.exists():
        yield given, given.name
    else:
        raise ArticleError(f"{given}: no such file or folder; check the path")


def _named(found: dict[Path, str]) -> Iterator[Source]:
    stems = {path: str(Path(name).with_suffix("").as_posix()) for path, name in found.items()}
    stem_count = Counter(stems.values())
    name_count = Counter(found.values())
    for path, name in found.items():
        if stem_count[stems[path]] == 1:
            yield Source(stems[path], path)
        elif name_count[name] == 1:
            yield Source(name, path)
        else:
            yield Source(path.as_posix(), path)
