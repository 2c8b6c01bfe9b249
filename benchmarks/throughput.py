"""Tokens per second of a run, tables included, as a share of bare spaCy tokenisation.

Usage: python benchmarks/throughput.py PATH [--documents N] [--rounds R] [--profile NAME]

PATH is a folder of .txt and .md files, or a JSONL file (may be gzipped) whose records have a
``text``; N of them, spread evenly, are taken. Each round tokenises the texts with a fresh
``spacy.blank("en").pipe`` and then runs the whole of ``symptograph run`` (reading, annotating,
co-occurrence, CSV and Parquet) on the same texts.
The median over the rounds counts. One core: the threads of BLAS are held to one. Targets: 0.30 for
profile fast, 0.04 for accurate.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import spacy

from pipeline.assemble import assemble
from pipeline.batch.run import run
from pipeline.config import RunConfig

TARGETS = {"fast": 0.30, "accurate": 0.04}


def read_texts(path: Path, limit: int) -> list[str]:
    """Texts of a folder or of a JSONL file, ``limit`` of them spread evenly over the whole."""
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.suffix in (".txt", ".md"))
        texts = [p.read_text(encoding="utf-8") for p in files]
    else:
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as stream:
            texts = [json.loads(line)["text"] for line in stream]
    step = max(len(texts) / limit, 1.0)
    return [texts[int(n * step)] for n in range(min(limit, len(texts)))]


def tokenise(texts: list[str]) -> tuple[int, float]:
    """Tokens and seconds of a fresh blank pipeline."""
    nlp = spacy.blank("en")
    began = time.perf_counter()
    tokens = sum(len(doc) for doc in nlp.pipe(texts))
    return tokens, time.perf_counter() - began


def main() -> int:
    """Measure and print; 0 if the target is met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", choices=TARGETS, default="accurate")
    options = parser.parse_args()
    texts = read_texts(options.path, options.documents)
    config = RunConfig.for_profile(options.profile)
    shares, speeds, bare = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in")
        source.mkdir()
        for number, text in enumerate(texts):
            Path(source, f"{number:06}.txt").write_text(text, encoding="utf-8", newline="")
        for number in range(options.rounds + 1):
            tokens, tokenising = tokenise(texts)
            nlp = assemble(config)
            began = time.perf_counter()
            summary = run([source], Path(folder, "out"), config, lambda nlp=nlp: nlp)
            running = time.perf_counter() - began
            if number:
                shares.append(tokenising / running)
                speeds.append(tokens / running)
                bare.append(tokens / tokenising)
    share = statistics.median(shares)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"documents              {summary.n_done} ({tokens:,} tokens), {len(summary.errors)} errors"
    )
    print(f"bare tokenisation      {statistics.median(bare):,.0f} tokens/s")
    print(f"symptograph run        {statistics.median(speeds):,.0f} tokens/s")
    print(f"share                  {share:.3f} (target: at least {TARGETS[options.profile]})")
    print(f"peak memory            {peak:,.0f} MB")
    return int(share < TARGETS[options.profile])


if __name__ == "__main__":
    sys.exit(main())
