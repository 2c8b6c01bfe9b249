"""What linking by likeness costs: run time with it over run time without, and peak memory.

Usage: python benchmarks/similar.py MEDQUAD.jsonl[.gz] [--pages 500] [--profile accurate]

The same pages are annotated in turn by one pipeline whose linker compares unknown mentions with all
names of the ontologies, and by one whose linker leaves them without a concept; each round begins
with an empty cache of mentions.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import time
from pathlib import Path
from typing import Any

from throughput import read_texts

import pipeline
from pipeline.components.linker import Linker
from pipeline.terminology.search import NameSearch

_ROUNDS = 3


class NoSearch:
    """Finds no name that is like a phrase."""

    weight = staticmethod(lambda word: 1.0)

    def nearest(self, phrases: list[Any], label: str) -> list[list[Any]]:
        """Nothing for each phrase."""
        return [[] for _ in phrases]


def seconds(nlp: Any, texts: list[str], search: Any) -> float:
    """Time of one round with a search, the linker's cache empty."""
    linker: Linker = nlp.get_pipe("symptograph_linker")
    linker.forget()
    linker.index.__dict__["search"] = search
    began = time.perf_counter()
    for _ in nlp.pipe(texts, batch_size=16):
        pass
    return time.perf_counter() - began


def main() -> None:
    """Time both and print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("medquad", type=Path)
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--profile", default="accurate")
    options = parser.parse_args()
    texts = read_texts(options.medquad, options.pages)
    nlp = pipeline.load(options.profile)
    search: NameSearch = nlp.get_pipe("symptograph_linker").index.search  # type: ignore[attr-defined]
    for text in texts[:50]:
        nlp(text)
    with_search, without = [], []
    for _ in range(_ROUNDS):
        with_search.append(seconds(nlp, texts, search))
        without.append(seconds(nlp, texts, NoSearch()))
    ratio = min(with_search) / min(without)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(texts)} pages, profile {options.profile}: {min(without):.2f} s without likeness,")
    print(f"{min(with_search):.2f} s with it, {ratio - 1:+.1%}; peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
