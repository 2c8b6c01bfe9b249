"""Where the compiled terminology lies, and the one way to get it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pipeline.terminology.compile import Progress, compile_index
from pipeline.terminology.index import TermIndex

# Raise it when the files' layout, the folding or the hashing change.
_FORMAT = 5


def cache_folder() -> Path:
    """Folder of compiled indexes: ``SYMPTOGRAPH_CACHE``, or the user's cache."""
    override = os.environ.get("SYMPTOGRAPH_CACHE")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_cache_dir("symptograph", appauthor=False))


def index_folder(own: Sequence[Path] = ()) -> Path:
    """Folder of the index that the installed sources, the lexicons and own files ask for."""
    from pipeline.terminology.sources import source_versions

    stamp = json.dumps([_FORMAT, source_versions(own)], sort_keys=True)
    return cache_folder() / f"terms-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"


def load_index(progress: Progress | None = None, own: Sequence[Path] = ()) -> TermIndex:
    """Open the compiled terminology, compiling it first where that was not done yet.

    Parameters
    ----------
    progress
        Told about compiling; never called when the index is there already.
    own
        The user's terminology files, see :mod:`pipeline.terminology.own`.

    Raises
    ------
    TerminologyError
        If a source cannot be read or the cache cannot be written.
    """
    folder = index_folder(own)
    if not (folder / "meta.json").exists():
        from pipeline.terminology.sources import read_annotations, read_sources

        if progress:
            progress("reading ontologies", 0, 0)
        compile_index(read_sources(own), folder, progress, annotations=read_annotations())
    return _open(folder)


@lru_cache(maxsize=2)
def _open(folder: Path) -> TermIndex:
    return TermIndex(folder)


def ontology_versions(index: TermIndex) -> dict[str, str]:
    """Version of each source of a compiled terminology, by its name (the prefix of its CURIEs)."""
    return {name: source["version"] for name, source in index.meta["sources"].items()}
