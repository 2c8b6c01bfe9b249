"""Time and memory of counting co-occurrences in a synthetic corpus.

Usage: python benchmarks/cooccurrence.py [--mentions 10000000] [--min-count 1] [--folder DIR]

Mentions are drawn by Zipf's law from a vocabulary of the size that MedQuAD has, 50 a document. The
corpus is made by one process and counted by another, whose peak memory is told.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PER_DOCUMENT, SENTENCES, SECTIONS = 50, 20, 5
VOCABULARY = (("CONDITION", "MONDO", 4000), ("SYMPTOM", "HP", 4000), ("BODY_PART", "UBERON", 1500))
CHUNK = 20_000


def make(folder: Path, n_mentions: int) -> None:
    """Write the tables of a synthetic run."""
    rng = np.random.default_rng(0)
    n_documents = max(n_mentions // PER_DOCUMENT, 1)
    names = [(kind, f"{prefix}:{n:07}") for kind, prefix, size in VOCABULARY for n in range(size)]
    types = pa.array([kind for kind, _ in names]).dictionary_encode()
    curies = pa.array([curie for _, curie in names])
    chance = 1 / (1 + rng.permutation(len(names)))
    chance /= chance.sum()
    writer = None
    for first in range(0, n_documents, CHUNK):
        docs = np.repeat(np.arange(first, min(first + CHUNK, n_documents)), PER_DOCUMENT)
        drawn = pa.array(rng.choice(len(names), len(docs), p=chance))
        sentence = rng.integers(0, SENTENCES, len(docs))
        table = pa.table(
            {
                "doc_id": pa.array(docs).cast(pa.string()),
                "sentence": sentence,
                "section": sentence * SECTIONS // SENTENCES,
                "type": types.cast(pa.string()).take(drawn),
                "concept_id": curies.take(drawn),
                "concept_label": curies.take(drawn),
                "text": curies.take(drawn),
                "negated": pa.array(np.zeros(len(docs), dtype=bool)),
            }
        )
        writer = writer or pq.ParquetWriter(folder / "entities.parquet", table.schema)
        writer.write_table(table)
    writer.close()
    ids = pa.array(np.arange(n_documents)).cast(pa.string())
    documents = pa.table({"doc_id": ids, "n_sentences": np.full(n_documents, SENTENCES)})
    pq.write_table(documents, folder / "documents.parquet")
    sections = pa.table({"doc_id": pa.array(np.repeat(np.arange(n_documents), SECTIONS))})
    pq.write_table(sections, folder / "sections.parquet")


def count(folder: Path, min_count: int) -> dict[str, float]:
    """Count the pairs of a corpus, with their statistics, and write them as a run does."""
    from pipeline.cooccurrence.counts import count_pairs
    from pipeline.cooccurrence.table import pair_tables
    from pipeline.tables.writer import TableWriter

    n_documents = pq.read_metadata(folder / "documents.parquet").num_rows
    began = time.perf_counter()
    counted = count_pairs(folder, np.arange(n_documents), min_count)
    counting = time.perf_counter() - began
    rows = 0
    with TableWriter(folder / "out") as writer:
        for part in pair_tables(counted):
            writer.add_table("cooccurrences", part)
            rows += part.num_rows
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"pairs": rows, "counting_s": counting, "seconds": seconds, "peak_mb": peak}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mentions", type=int, default=10_000_000)
    parser.add_argument("--min-count", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="a corpus made before; one is made otherwise")
    given = parser.parse_args()
    if given.folder:
        print(json.dumps(count(given.folder, given.min_count)))
        return
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), given.mentions)
        command = [sys.executable, __file__, "--folder", folder]
        command += ["--min-count", str(given.min_count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    print(
        f"{given.mentions:,} mentions: {found['pairs']:,} pairs in {found['seconds']:.0f} s "
        f"({found['counting_s']:.0f} s of it counting), peak memory {found['peak_mb']:,.0f} MB"
    )


if __name__ == "__main__":
    main()
