from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest

from pipeline.errors import TerminologyError
from pipeline.terminology.compile import compile_index
from pipeline.terminology.index import TermIndex
from pipeline.terminology.records import ENTITY_TYPES, Name, Source, Term

TERMS = (
    Term(
        "MONDO:1",
        "leg disease",
        "CONDITION",
        (Name("leg disease", "LABEL"), Name("Tumour of the legs", "EXACT")),
    ),
    Term(
        "HP:1",
        "Leg pain",
        "SYMPTOM",
        (
            Name("Leg pain", "LABEL"),
            Name("crural pain", "RELATED"),
            Name("sore leg", "EXACT", "layperson"),
        ),
    ),
    Term("HP:2", "Crural pain", "SYMPTOM", (Name("crural pain", "LABEL"),)),
    Term("HP:3", "Loose leg disease", "SYMPTOM", (Name("leg disease", "RELATED"),)),
    Term("MONDO:2", "sore leg", "CONDITION", (Name("sore leg", "LABEL"),)),
    Term("UBERON:1", "leg", "BODY_PART", (Name("leg", "LABEL"), Name("LGX", "EXACT"))),
    Term("", "leg cell", "BODY_PART", (Name("leg cell", "LABEL"),)),
    Term("MONDO:3", "men", "CONDITION", (Name("men", "LABEL"), Name("ab", "EXACT"))),
)
SOURCE = Source("tiny", "7", TERMS)


@pytest.fixture
def tiny(tmp_path):
    compile_index([SOURCE], tmp_path / "terms")
    return TermIndex(tmp_path / "terms")


def _curies(entries):
    return [entry.curie for entry in entries]


def _mask(*types):
    return sum(1 << ENTITY_TYPES.index(entity_type) for entity_type in types)


@pytest.mark.parametrize(
    ("phrase", "curie"),
    [
        ("Lou Gehrig's disease", "MONDO:0004976"),
        ("Lou Gehrig’s disease", "MONDO:0004976"),
        ("LOU GEHRIG DISEASE", "MONDO:0004976"),
        ("amyotrophic lateral sclerosis", "MONDO:0004976"),
        ("Charcot Marie Tooth disease", "MONDO:0015626"),
        ("Sjögren’s syndrome", "MONDO:0010030"),
    ],
)
def test_terminology_lookup_finds_a_condition_by_its_spellings(index, phrase, curie):
    found = [e.curie for e in index.lookup(phrase) if e.type == "CONDITION"]
    assert found[:1] == [curie]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("muscle weaknesses", "muscle weakness"),
        ("brain tumours", "brain tumor"),
        ("anaemia", "anemia"),
        ("oesophagus", "esophagus"),
        ("diarrhoea", "diarrhea"),
        ("legs", "leg"),
        ("feet", "foot"),
    ],
)
def test_terminology_lookup_folds_plural_and_uk_spelling(index, one, other):
    assert index.lookup(one) == index.lookup(other) != ()


@pytest.mark.parametrize(
    ("phrase", "entity_type", "curie"),
    [
        ("heart attack", "CONDITION", "MONDO:0005068"),
        ("high blood pressure", "CONDITION", "MONDO:0005044"),
        ("nosebleed", "SYMPTOM", "HP:0000421"),
        ("tummy ache", "SYMPTOM", "HP:0002027"),
        ("low blood pressure", "SYMPTOM", "HP:0002615"),
        ("belly", "BODY_PART", "UBERON:0000916"),
        ("womb", "BODY_PART", "UBERON:0000995"),
    ],
)
def test_terminology_lookup_knows_layperson_terms(index, phrase, entity_type, curie):
    assert curie in [e.curie for e in index.lookup(phrase) if e.type == entity_type]


@pytest.mark.parametrize("phrase", ["ALS", "MS", "HIV", "COPD", "UTIs"])
def test_terminology_lookup_finds_acronyms_in_capitals(index, phrase):
    assert [e.type for e in index.lookup(phrase)] == ["CONDITION"]


@pytest.mark.parametrize("phrase", ["als", "Als", "copd", "ms"])
def test_terminology_lookup_finds_no_acronym_in_small_letters(index, phrase):
    assert index.lookup(phrase) == ()


@pytest.mark.parametrize("phrase", ["qwertz foo", "", "  ", "'", "-", "leg the pain of"])
def test_terminology_lookup_of_an_unknown_phrase_is_empty(index, phrase):
    assert index.lookup(phrase) == ()


@pytest.mark.parametrize(
    "phrase", ["can", "get", "all", "common", "men", "Men", "disease", "cells", "blood pressure"]
)
def test_terminology_lookup_of_an_everyday_word_is_empty(index, phrase):
    assert index.lookup(phrase) == ()


def test_terminology_arms_are_a_body_part_only(index):
    assert {e.type for e in index.lookup("arms")} == {"BODY_PART"}


def test_terminology_label_joins_the_names_of_several_concepts(index):
    label = index.label("MONDO:0005301,MONDO:0004976")
    assert label == "multiple sclerosis; amyotrophic lateral sclerosis"


def test_terminology_label_of_an_unknown_concept_is_the_curie(index):
    assert index.label("XX:1") == "XX:1"


def test_terminology_pickle_of_the_index_carries_the_folder_only(index):
    data = pickle.dumps(index)
    assert len(data) < 1000
    assert pickle.loads(data).lookup("flu") == index.lookup("flu") != ()


def test_terminology_compiled_index_knows_its_names(tiny):
    assert tiny.meta["sources"] == {"tiny": {"version": "7", "terms": len(TERMS)}}
    assert tiny.meta["names"] == len(tiny)
    assert _curies(tiny.lookup("tumors of the leg")) == ["MONDO:1"]


def test_terminology_compiled_index_puts_the_best_scope_first(tiny):
    entries = tiny.lookup("crural pain")
    assert [(e.curie, e.scope) for e in entries] == [("HP:2", "LABEL"), ("HP:1", "RELATED")]


@pytest.mark.parametrize(
    ("phrase", "types"),
    [
        ("sore leg", ("CONDITION", "SYMPTOM")),
        ("leg disease", ("CONDITION",)),
        ("crural pain", ("SYMPTOM",)),
        ("leg", ("BODY_PART",)),
    ],
)
def test_terminology_compiled_type_mask_drops_types_that_have_the_name_loosely(tiny, phrase, types):
    from pipeline.terminology.hashing import hash_ngram, hash_unit
    from pipeline.terminology.normalise import normalise

    key = tiny.find(hash_ngram([hash_unit(u) for u in normalise(phrase)]))
    assert key >= 0
    assert tiny.type_masks[key] == _mask(*types)


@pytest.mark.parametrize("phrase", ["men", "ab", "lgx"])
def test_terminology_compiled_index_leaves_out_what_must_not_match(tiny, phrase):
    assert tiny.lookup(phrase) == ()


def test_terminology_compiled_index_keeps_acronyms_in_capitals(tiny):
    assert _curies(tiny.lookup("LGX")) == ["UBERON:1"]


def test_terminology_compiled_index_keeps_terms_without_a_concept(tiny):
    assert [(e.curie, e.label) for e in tiny.lookup("leg cells")] == [("", "leg cell")]


def test_terminology_compile_tells_its_progress(tmp_path):
    calls = []
    compile_index([SOURCE], tmp_path / "terms", lambda *call: calls.append(call))
    assert calls[-2:] == [("reading names", len(TERMS), len(TERMS)), ("comparing names", 0, 0)]


def test_terminology_compile_leaves_an_existing_index_as_it_is(tmp_path):
    folder = tmp_path / "terms"
    compile_index([SOURCE], folder)
    before = (folder / "meta.json").read_bytes()
    compile_index([Source("other", "8", TERMS)], folder)
    assert (folder / "meta.json").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["terms"]


def test_terminology_compile_of_the_same_sources_gives_the_same_files(tmp_path):
    for name in ("one", "two"):
        compile_index([SOURCE], tmp_path / name)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert {"meta.json", "keys.npy", "labels.npy"} <= set(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("missing", ["meta.json", "keys.npy", "labels_offsets.npy"])
def test_terminology_incomplete_folder_is_reported(tmp_path, missing):
    folder = tmp_path / "terms"
    compile_index([SOURCE], folder)
    (folder / missing).unlink()
    with pytest.raises(TerminologyError, match="not a complete index"):
        TermIndex(folder)


@pytest.mark.parametrize("cut", ["meta.json", "keys.npy"])
def test_terminology_truncated_file_is_reported(tmp_path, cut):
    folder = tmp_path / "terms"
    compile_index([SOURCE], folder)
    (folder / cut).write_bytes((folder / cut).read_bytes()[:20])
    with pytest.raises(TerminologyError, match="not a complete index"):
        TermIndex(folder)


def test_terminology_compile_into_a_file_is_reported(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(TerminologyError, match="SYMPTOGRAPH_CACHE"):
        compile_index([SOURCE], tmp_path / "file" / "terms")


_COMPILE = """
import sys, time
from pathlib import Path
from pipeline.terminology.compile import compile_index
from pipeline.terminology.index import TermIndex
from pipeline.terminology.records import Name, Source, Term

terms = tuple(
    Term(f"HP:{n}", f"pain number{n}", "SYMPTOM", (Name(f"pain number{n}", "LABEL"),))
    for n in range(3000)
)
folder, ready, go = map(Path, sys.argv[1:])
ready.touch()
while not go.exists():
    time.sleep(0.002)
compile_index([Source("many", "1", terms)], folder)
print(TermIndex(folder).lookup("pain number2999")[0].curie)
"""


def test_terminology_processes_may_compile_into_one_folder_at_once(tmp_path):
    cache, go = tmp_path / "cache", tmp_path / "go"
    ready = [tmp_path / f"ready{n}" for n in range(3)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _COMPILE, str(cache / "terms"), str(mark), str(go)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for mark in ready
    ]
    while not all(mark.exists() for mark in ready):
        assert all(process.poll() is None for process in running)
    go.touch()
    answers = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], answers
    assert [out.strip() for out, _ in answers] == ["HP:2999"] * 3
    assert [p.name for p in cache.iterdir()] == ["terms"]
    meta = json.loads((cache / "terms" / "meta.json").read_text("utf-8"))
    assert meta["sources"]["many"]["terms"] == 3000


def test_terminology_load_index_compiles_once_and_then_opens(tmp_path, monkeypatch):
    from pipeline.terminology import cache, sources

    reads = []
    monkeypatch.setenv("SYMPTOGRAPH_CACHE", str(tmp_path))
    monkeypatch.setattr(sources, "read_sources", lambda own: reads.append(1) or [SOURCE])
    first = cache.load_index()
    assert first.folder.parent == tmp_path
    assert _curies(first.lookup("leg")) == ["UBERON:1"]
    assert _curies(cache.load_index().lookup("leg")) == ["UBERON:1"]
    assert reads == [1]
