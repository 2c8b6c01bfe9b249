from __future__ import annotations

from pathlib import Path

import pytest

import pipeline

ROOT = Path(__file__).parents[1]
SEED = ROOT / "corpus" / "articles" / "causes-of-weakness-in-legs.txt"


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def nlp():
    return pipeline.load("fast")


@pytest.fixture(scope="session")
def index():
    from pipeline.terminology.cache import load_index

    return load_index()


@pytest.fixture(scope="session")
def seed_text():
    return SEED.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def seed_doc(nlp, seed_text):
    return nlp(seed_text)
