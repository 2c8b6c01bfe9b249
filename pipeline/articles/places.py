"""Where files lie: in folders, behind URLs (through fsspec), or on stdin."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

from pipeline.errors import ArticleError

STDIN = "-"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?:::[^/]*)?://")


def location(given: Path | str) -> Path | str:
    """A path, or a URL or ``-`` as they are."""
    if isinstance(given, Path):
        return given
    return given if given == STDIN or _URL.match(given) else Path(given)


def list_files(url: str) -> list[tuple[str, str]]:
    """All files at or below a URL, with their paths below it (empty for the URL itself).

    Raises
    ------
    ArticleError
        If there is nothing, or it cannot be reached.
    """
    with _told(url):
        system, path = _open(url)
        if not system.isdir(path):
            if not system.exists(path):
                raise ArticleError(f"{url}: no such file or folder; check the URL")
            return [(url, "")]
        if "::" in url:
            raise ArticleError(f"{url}: a folder inside an archive; unpack it, or name its files")
        root = path.rstrip("/") + "/"
        names = [found.removeprefix(root).lstrip("/") for found in sorted(system.find(path))]
        base = url.rstrip("/")
        base += "//" if base.endswith(":") else ""
        return [(f"{base.removesuffix('/')}/{name}", name) for name in names]


def open_file(path: Path | str) -> BinaryIO:
    """A file's bytes as a stream.

    Raises
    ------
    OSError, ArticleError
        If it cannot be opened.
    """
    if path == STDIN:
        return sys.stdin.buffer
    if isinstance(path, Path):
        return path.open("rb")
    return cast(BinaryIO, BufferedReader(_Remote(path)))


class _Remote(RawIOBase):
    """A file behind a URL, whose errors are those of our own."""

    def __init__(self, url: str) -> None:
        self._url = url
        with _told(url):
            # Some file systems close their files when they go themselves.
            self._system, inside = _open(url)
            self._stream = self._system.open(inside, "rb")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _told(self._url):
            data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, place: int, whence: int = 0) -> int:
        with _told(self._url):
            return int(self._stream.seek(place, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


def file_size(path: Path | str) -> int:
    """Bytes of a file; 0 where that is not known."""
    if isinstance(path, Path):
        try:
            return path.stat().st_size
        except OSError:  # told when it is read
            return 0
    if path == STDIN:
        return 0
    with _told(path):
        system, inside = _open(path)
        return int(system.size(inside) or 0)


def _open(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError as error:
        raise ArticleError(
            f"{url}: reading URLs needs an extra package; pip install 'symptograph[remote]'"
        ) from error
    system, path = fsspec.core.url_to_fs(url)
    return system, path


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Turn whatever a file system raises into one clear line."""
    try:
        yield
    except ArticleError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ArticleError(
            f"{url}: cannot be reached ({reason}); check the URL and its credentials"
        ) from error
