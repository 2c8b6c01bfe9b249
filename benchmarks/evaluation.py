"""How long scoring takes, as a share of the time that annotating the same documents takes.

Usage: python benchmarks/evaluation.py [DOCUMENTS]

Takes the committed gold, repeated to the number of documents (500 by default). Target: below 1.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

import pipeline
from pipeline.evaluation.documents import from_doc
from pipeline.evaluation.gold import read_gold
from pipeline.evaluation.report import Evaluation
from pipeline.evaluation.sets import windows_of

GOLD = Path(__file__).parents[1] / "corpus" / "gold"
TARGET = 1.0


def main(n_documents: int) -> int:
    """Measure and print; 0 if the target is met."""
    gold = [d for folder in (GOLD, GOLD / "dev", GOLD / "test") for d in read_gold(folder)]
    gold = list(itertools.islice(itertools.cycle(gold), n_documents))
    nlp = pipeline.load("fast")
    began = time.perf_counter()
    docs = [nlp(document.text) for document in gold]
    annotating = time.perf_counter() - began
    began = time.perf_counter()
    result = Evaluation()
    for document, doc in zip(gold, docs, strict=True):
        result.add(document, from_doc(doc, document.doc_id), windows_of(doc))
    result.as_dict()
    scoring = time.perf_counter() - began
    print(f"annotating {n_documents} documents   {annotating:.2f} s")
    print(f"scoring them, with intervals    {scoring:.2f} s")
    print(f"ratio                           {scoring / annotating:.2f} (target: below {TARGET})")
    return int(scoring >= annotating * TARGET)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500))
