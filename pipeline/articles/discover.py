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
    found: dict[Path, tuple[str, Path]] = {}
    failed: list[tuple[Path, ArticleError]] = []
    for given in inputs:
        try:
            for path, name in _files(given):
                # The same file by another way: the longest name says most, whatever the order.
                real = path.resolve()
                before = found.get(real)
                if before is None or _fuller((name, path), before):
                    found[real] = name, path
        except ArticleError as error:
            failed.append((given, error))
    return sorted(_named(list(found.values())), key=_by_id), failed


def _fuller(one: tuple[str, Path], other: tuple[str, Path]) -> bool:
    return (-len(one[0]), one[0], str(one[1])) < (-len(other[0]), other[0], str(other[1]))


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


def _named(files: list[tuple[str, Path]]) -> Iterator[Source]:
    """Give each file the shortest id that no other file could have: stem, name, whole path."""
    options = [(printable(Path(n).with_suffix("").as_posix()), printable(n)) for n, _ in files]
    taken = Counter(option for pair in options for option in set(pair))
    for (stem, name), (_, path) in zip(options, files, strict=True):
        if taken[stem] == 1:
            yield Source(stem, path)
        elif taken[name] == 1:
            yield Source(name, path)
        else:
            yield Source(printable(path.as_posix()), path)


def printable(name: str) -> str:
    """A path as valid Unicode: bytes of it that are none are written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
