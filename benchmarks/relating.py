"""What relations and co-occurrence add to the time of a run.

Usage: python benchmarks/relating.py PATH [--documents N] [--profile NAME] [--out DIR]

PATH as in ``throughput.py``. The time of the relations component and of the co-occurrence table, of
one run, as a share of the rest of that run's annotation. Target: 0.30.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import tempfile
import time
from pathlib import Path

from spacy.tokens import Doc
from throughput import read_texts

from pipeline.assemble import assemble
from pipeline.batch.run import run
from pipeline.components.relations import Relations
from pipeline.config import RunConfig

TARGET = 0.30


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--documents", type=int, default=10**9)
    parser.add_argument("--profile", default="accurate")
    parser.add_argument("--out", type=Path, help="keep the tables there")
    given = parser.parse_args()
    relate, spent = Relations.__call__, [0.0]

    def timed(self: Relations, doc: Doc) -> Doc:
        began = time.perf_counter()
        done = relate(self, doc)
        spent[0] += time.perf_counter() - began
        return done

    Relations.__call__ = timed  # type: ignore[method-assign]
    config = RunConfig.for_profile(given.profile)
    with tempfile.TemporaryDirectory() as scratch:
        articles = Path(scratch, "articles")
        articles.mkdir()
        for number, text in enumerate(read_texts(given.path, given.documents)):
            (articles / f"{number:07}.txt").write_text(text, encoding="utf-8")
        out = given.out or Path(scratch, "out")
        summary = run([articles], out, config, lambda: assemble(config))
    counting = summary.seconds["cooccurrence"]
    rest = summary.seconds["annotate"] - spent[0]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{summary.n_done:,} documents, {len(summary.errors)} errors, "
        f"{summary.counts['relations']:,} relations, "
        f"{summary.counts['cooccurrences']:,} pairs; recognition and linking {rest:.0f} s, "
        f"relations {spent[0]:.0f} s, co-occurrence {counting:.0f} s: "
        f"+{(spent[0] + counting) / rest:.0%} (target +{TARGET:.0%}); peak {peak:,.0f} MB"
    )


if __name__ == "__main__":
    main()
