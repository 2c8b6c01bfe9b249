from __future__ import annotations

import numpy as np
import pytest

from pipeline.data import load_table
from pipeline.terminology.encoder import NameEncoder, load_encoder
from pipeline.terminology.normalise import normalise
from pipeline.terminology.ranking import FEATURES, NONE_FEATURES, Ranking, by_concept, load_ranking
from pipeline.terminology.search import ARRAYS, NameSearch, NearName, search_arrays
from pipeline.training.linking import (
    EncoderSettings,
    choose,
    fit_encoder,
    fit_ranking,
    make_choices,
)

NAMES = [
    ("SYMPTOM", ("leg", "pain"), "LABEL", 0),
    ("SYMPTOM", ("sore", "leg"), "EXACT", 0),
    ("SYMPTOM", ("foot", "pain"), "LABEL", 1),
    ("CONDITION", ("leg", "disease"), "LABEL", 2),
    ("BODY_PART", ("leg",), "LABEL", 3),
]
CURIES = ["HP:1", "HP:2", "MONDO:1", "UBERON:1"]


@pytest.fixture(scope="module")
def small():
    encoder = load_encoder()
    return NameSearch(search_arrays(NAMES, encoder), encoder)


def test_encoder_vectors_have_length_one():
    vectors = load_encoder().encode(["leg pain", "Crohn's disease", "of the", ""])
    lengths = np.linalg.norm(vectors, axis=1)
    assert lengths[:2] == pytest.approx([1, 1], abs=1e-3)
    assert lengths[3] == 0


def test_encoder_puts_synonyms_near_each_other():
    vectors = load_encoder().encode(["swollen tummy", "abdominal distension", "itchy scalp"])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_encoder_survives_the_disk(tmp_path):
    table = np.random.default_rng(0).standard_normal((64, 8)).astype("f")
    NameEncoder(table).to_disk(tmp_path / "e.npz")
    again = NameEncoder.from_bytes((tmp_path / "e.npz").read_bytes())
    assert again.table == pytest.approx(table, abs=np.abs(table).max() / 200)
    names = ["leg pain", "flu"]
    assert again.encode(names) == pytest.approx(NameEncoder(table).encode(names), abs=0.02)


@pytest.mark.parametrize(
    ("label", "places"), [("SYMPTOM", {0, 1, 2}), ("CONDITION", {0, 1, 2}), ("BODY_PART", {3})]
)
def test_search_looks_among_names_of_the_type(small, label, places):
    (near,) = small.nearest([("pain", "leg")], label)
    assert {name.concept for name in near} <= places
    assert near == sorted(near, key=lambda name: -name.similarity)


def test_search_finds_the_same_words_in_any_order(small):
    (near,) = small.nearest([("pain", "leg")], "SYMPTOM")
    assert (near[0].concept, near[0].units, near[0].scope) == (0, ("leg", "pain"), "LABEL")


def test_search_rare_words_weigh_more(small):
    assert small.weight("leg") < small.weight("foot") <= small.weight("never seen")


def test_search_is_the_same_as_comparing_with_every_name(index):
    encoder = load_encoder()
    phrases = [normalise(p) for p in ("tingling in the toes", "yellow eyes", "slow speech")]
    vectors = encoder.encode_units(phrases)
    arrays = {name: np.load(index.folder / f"{name}.npy") for name in ARRAYS}
    bounds = arrays["near_bounds"]
    for vector, near in zip(vectors, index.search.nearest(phrases, "SYMPTOM"), strict=True):
        all_of_them = arrays["near_vectors"][: bounds[2]] @ vector
        best = int(all_of_them.argmax())
        assert near[0].similarity == pytest.approx(float(all_of_them.max()), abs=1e-5)
        assert near[0].concept == arrays["near_concepts"][best]


def test_ranking_probabilities_leave_room_for_none(small):
    near = small.nearest([("leg", "pain")], "SYMPTOM")[0]
    ranked = load_ranking()(
        ("leg", "pain"), "SYMPTOM", near, small.weight, lambda place: (CURIES[place], "x")
    )
    assert ranked[0].curie == "HP:1"
    shares = [r.probability for r in ranked]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) < 1


def test_ranking_wants_a_weight_for_each_feature():
    with pytest.raises(ValueError, match="weights"):
        Ranking([1.0])


def test_ranking_keeps_the_nearest_concepts_only():
    near = [NearName(n, ("a",), "LABEL", 1 - n / 100) for n in range(30)] + [
        NearName(0, ("b",), "EXACT", 0.1)
    ]
    found = by_concept(near)
    assert list(found) == list(range(20))
    assert [name.units for name in found[0]] == [("a",), ("b",)]


def test_training_brings_the_names_of_a_concept_together():
    groups = {f"HP:{n}": [("word", f"a{n}"), (f"b{n}", "thing")] for n in range(40)}
    settings = EncoderSettings(n_rows=1 << 13, width=32, steps=150, batch=32)
    encoder = fit_encoder(groups, settings)
    vectors = encoder.encode_units([names[0] for names in groups.values()])
    others = encoder.encode_units([names[1] for names in groups.values()])
    nearest = (vectors @ others.T).argmax(axis=1)
    assert np.mean(nearest == np.arange(40)) > 0.9
    assert np.array_equal(fit_encoder(groups, settings).table, encoder.table)


def test_training_learns_to_choose(small):
    rows = [
        {"term": "pain of leg", "type": "SYMPTOM", "concept": "HP:1"},
        {"term": "pain of foot", "type": "SYMPTOM", "concept": "HP:2|HP:9"},
        {"term": "zzz", "type": "SYMPTOM", "concept": ""},
        {"term": "leg or foot pain", "type": "SYMPTOM", "concept": "HP:1,HP:2"},
    ]
    choices = make_choices(rows, small, CURIES)
    assert len(choices) == 3
    weights = fit_ranking(choices)
    assert len(weights) == len(FEATURES) + len(NONE_FEATURES)
    for choice in choices:
        assert choice.right[choose(choice, np.array(weights)).argmax()]


def test_linked_names_have_known_concepts(index):
    rows = [row for row in load_table("linked_names.csv") if row["concept"]]
    assert len(rows) > 4000
    parts = [p for r in rows for one in r["concept"].split("|") for p in one.split(",")]
    assert [part for part in parts if part not in index] == []
    labels = [index.label(row["concept"].split("|")[0]) for row in rows]
    assert labels == [row["label"] for row in rows]


def test_linked_names_find_no_mentions(index, nlp):
    assert index.linked("swollen tummy", "SYMPTOM").curie == "HP:0003270"
    assert index.linked("swollen tummy", "CONDITION") is None
    assert index.linked("sprain of nothing", "CONDITION") is None
    assert index.lookup("swollen tummy") == ()
