"""Find the article files below the given paths and name them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.articles.formats import GZIP, SUFFIXES, suffix_of
from pipeline.articles.places import STDIN, list_files, location
from pipeline.errors import ArticleError


@dataclass(frozen=True, slots=True)
class Source:
    """A file that should hold articles, and the document id that its one article will have.

    Attributes
    ----------
    path
        A file, or its URL, or ``-`` for what comes on stdin.
    """

    doc_id: str
    path: Path | str


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a folder are taken, by globs over their names and their paths below it.

    Attributes
    ----------
    include
        Only these, whatever their suffix; where there are none, all files of a known suffix.
    exclude
        Not these.
    without
        Folders that are left out (the tables go there).
    """

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    without: Sequence[Path] = ()

    def takes(self, name: str) -> bool:
        """Tell whether a file is taken, by its path below the folder."""
        wanted = _matches(name, self.include) if self.include else suffix_of(name) in SUFFIXES
        return wanted and not _matches(name, self.exclude)


def _matches(name: str, globs: Sequence[str]) -> bool:
    last = PurePosixPath(name).name
    return any(fnmatchcase(name, glob) or fnmatchcase(last, glob) for glob in globs)


_EVERYTHING = Selection()


def discover(
    inputs: Iterable[Path | str], selection: Selection = _EVERYTHING
) -> tuple[list[Source], list[tuple[Path | str, ArticleError]]]:
    """List the article files of files, folders and URLs, by document id.

    The id is the path below the given folder without its suffix; the suffix stays where two files
    would have the same id, and the whole path where even that is not enough. A file that is given
    twice counts once.

    Returns
    -------
    tuple
        The files found, and the inputs that hold none with the reason why.
    """
    found: dict[Path | str, tuple[str, Path | str]] = {}
    failed: list[tuple[Path | str, ArticleError]] = []
    for given in inputs:
        try:
            for path, name in _files(given, selection):
                # The same file by another way: the longest name says most, whatever the order.
                real = path.resolve() if isinstance(path, Path) else path
                before = found.get(real)
                if before is None or _fuller((name, path), before):
                    found[real] = name, path
        except ArticleError as error:
            failed.append((given, error))
        except OSError as error:
            reason = error.strerror or error
            told = f"{shown(given)}: cannot be read ({reason}); check the path"
            failed.append((given, ArticleError(told)))
    return sorted(_named(list(found.values())), key=_by_id), failed


def _fuller(one: tuple[str, Path | str], other: tuple[str, Path | str]) -> bool:
    return (-len(one[0]), one[0], str(one[1])) < (-len(other[0]), other[0], str(other[1]))


def _by_id(source: Source) -> str:
    return source.doc_id


def _files(given: Path | str, selection: Selection) -> Iterator[tuple[Path | str, str]]:
    where = location(given)
    found: Sequence[tuple[Path | str, str]]
    if isinstance(where, str):
        if where == STDIN:
            yield where, "stdin"
            return
        files = list_files(where)
        if files == [(where, "")]:
            yield where, PurePosixPath(where).name
            return
        found = [item for item in files if selection.takes(item[1])]
    elif where.is_dir():
        left_out = [folder.resolve() for folder in selection.without]
        found = [
            (path, name)
            for path in sorted(where.rglob("*"))
            if selection.takes(name := path.relative_to(where).as_posix())
            and path.is_file()
            and not any(folder in path.resolve().parents for folder in left_out)
        ]
    elif where.exists():
        yield where, where.name
        return
    else:
        raise ArticleError(f"{given}: no such file or folder; check the path")
    if not found:
        wanted = ", ".join(selection.include or sorted(SUFFIXES))
        raise ArticleError(f"{given}: no articles in this folder; it should hold {wanted} files")
    yield from found


def _named(files: list[tuple[str, Path | str]]) -> Iterator[Source]:
    """Give each file the shortest id that no other file could have: stem, name, whole path."""
    options = [(printable(_stem(name)), printable(name)) for name, _ in files]
    taken = Counter(option for pair in options for option in set(pair))
    for (stem, name), (_, path) in zip(options, files, strict=True):
        if taken[stem] == 1:
            yield Source(stem, path)
        elif taken[name] == 1:
            yield Source(name, path)
        else:
            yield Source(shown(path), path)


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    if path.suffix.lower() == GZIP and PurePosixPath(path.stem).suffix:
        path = path.with_suffix("")
    return path.with_suffix("").as_posix()


def shown(path: Path | str) -> str:
    """A file's path, or its URL, as it stands in tables and messages."""
    return printable(path if isinstance(path, str) else path.as_posix())


def printable(name: str) -> str:
    """A path as valid Unicode: bytes of it that are none are written as escapes."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
