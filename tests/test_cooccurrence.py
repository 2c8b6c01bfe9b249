"""Co-occurrence: every cell against a count by hand, every statistic against SciPy."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.batch.run import run
from pipeline.config import RunConfig
from pipeline.cooccurrence.copies import find_copies
from pipeline.cooccurrence.counts import count_pairs
from pipeline.cooccurrence.statistics import (
    benjamini_hochberg,
    expected_count,
    fisher_p,
    log_odds,
    npmi,
    odds_ratio,
)
from pipeline.cooccurrence.table import pair_tables
from pipeline.tables.schema import TABLES

TYPES = ("CONDITION", "SYMPTOM", "BODY_PART")
ARTICLES = {
    "flu": "Flu\n\nFlu causes fever, cough and a heavy feeling in the legs. Fever is common.\n\n"
    "Asthma\n\nAsthma causes cough. It does not cause fever. The lungs are inflamed.\n",
    "back": "It is not uncommon for leg or foot pain to be caused by sciatica.\n\n"
    "Sciatica causes leg pain and fever. No headache, no cough.\n",
    "ms": "Multiple sclerosis\n\nMultiple sclerosis causes fatigue, a heavy feeling and fever. "
    "Heavy feeling in the legs is a sign of multiple sclerosis, not of flu.\n",
    "plain": "Nothing of interest stands in this text. Nor here.\n",
}


@pytest.fixture(scope="module")
def corpus_run(nlp, tmp_path_factory):
    folder, out = tmp_path_factory.mktemp("articles"), tmp_path_factory.mktemp("out")
    for name, text in ARTICLES.items():
        (folder / f"{name}.txt").write_text(text)
    run([folder], out, RunConfig(), lambda: nlp)
    return {name: pq.read_table(out / f"{name}.parquet").to_pylist() for name in TABLES}


def brute_force(tables, scope):
    """Counts of every pair, straight from the definition: windows are sets of concepts."""
    windows = defaultdict(set)
    for entity in tables["entities"]:
        if entity["negated"]:
            continue
        place = {"sentence": entity["sentence"], "section": entity["section"], "document": 0}
        folded = "text:" + " ".join(entity["text"].lower().split())
        for concept in (entity["concept_id"] or folded).split(","):
            windows[entity["doc_id"], place[scope]].add((TYPES.index(entity["type"]), concept))
    n = {
        "sentence": sum(document["n_sentences"] for document in tables["documents"]),
        "section": len(tables["sections"]),
        "document": len(tables["documents"]),
    }[scope]
    single, both, docs = defaultdict(int), defaultdict(int), defaultdict(set)
    for (doc_id, _), items in windows.items():
        for item in items:
            single[item] += 1
        for pair in combinations(sorted(items), 2):
            both[pair] += 1
            docs[pair].add(doc_id)
    return {
        (TYPES[a[0]], a[1], TYPES[b[0]], b[1]): (count, single[a], single[b], n, len(docs[a, b]))
        for (a, b), count in both.items()
    }


@pytest.mark.parametrize(
    ("scope", "at_least"), [("sentence", 15), ("section", 30), ("document", 40)]
)
def test_cooccurrence_counts_every_cell(corpus_run, scope, at_least):
    expected = brute_force(corpus_run, scope)
    assert len(expected) >= at_least
    found = {
        (r["a_type"], r["a_concept_id"], r["b_type"], r["b_concept_id"]): tuple(
            r[name] for name in ("n_ab", "n_a", "n_b", "n", "n_docs")
        )
        for r in corpus_run["cooccurrences"]
        if r["scope"] == scope
    }
    assert found == expected


def test_cooccurrence_a_pair_stands_once_in_type_order(corpus_run):
    rows = corpus_run["cooccurrences"]
    keys = [
        (
            r["scope"],
            frozenset({(r["a_type"], r["a_concept_id"]), (r["b_type"], r["b_concept_id"])}),
        )
        for r in rows
    ]
    assert len(keys) > 90
    assert len(set(keys)) == len(keys)
    assert all(TYPES.index(r["a_type"]) <= TYPES.index(r["b_type"]) for r in rows)
    same = [r for r in rows if r["a_type"] == r["b_type"]]
    assert same
    assert all(r["a_concept_id"] < r["b_concept_id"] for r in same)


def test_cooccurrence_scopes_come_from_narrow_to_wide(corpus_run):
    scopes = [r["scope"] for r in corpus_run["cooccurrences"]]
    assert list(dict.fromkeys(scopes)) == ["sentence", "section", "document"]
    assert sorted(scopes, key=["sentence", "section", "document"].index) == scopes


# Tables made by hand: one entity a tuple (doc, sentence, section, type, concept, text, negated).


def count(tmp_path, entities, documents=(("a", 3),), n_sections=2, min_count=1, annotated=None):
    rows = [
        {
            "doc_id": doc, "entity_id": f"T{n}", "type": kind, "text": text, "start": n,
            "end": n + 1, "sentence": sentence, "section": section, "concept_id": concept,
            "concept_label": label, "concept_score": 1.0, "negated": negated, "uncertain": False,
            "source": "gazetteer", "score": 1.0,
        }
        for n, (doc, sentence, section, kind, concept, label, text, negated) in enumerate(entities)
    ]  # fmt: skip
    tables = {
        "entities": rows,
        "documents": [{"doc_id": doc, "n_sentences": n} for doc, n in documents],
        "sections": [{"doc_id": "a", "section": n} for n in range(n_sections)],
    }
    for name, content in tables.items():
        filled = [{f.name: row.get(f.name) for f in TABLES[name]} for row in content]
        pq.write_table(
            pa.Table.from_pylist(filled, schema=TABLES[name]), tmp_path / f"{name}.parquet"
        )
    counted = count_pairs(tmp_path, np.arange(len(documents)), min_count)
    return [row for part in pair_tables(counted, annotated) for row in part.to_pylist()]


FLU = ("CONDITION", "MONDO:1", "flu", "flu", False)
FEVER = ("SYMPTOM", "HP:1", "Fever", "fever", False)
NO_FEVER = (*FEVER[:4], True)
LEG = ("BODY_PART", "UBERON:1", "leg", "legs", False)


def test_counts_leave_negated_mentions_out(tmp_path):
    rows = count(tmp_path, [("a", 0, 0, *FLU), ("a", 0, 0, *NO_FEVER), ("a", 1, 0, *FEVER)])
    assert [(r["scope"], r["n_ab"], r["n_a"], r["n_b"]) for r in rows] == [
        ("section", 1, 1, 1),
        ("document", 1, 1, 1),
    ]


def test_counts_take_a_window_once_however_often_a_concept_stands_in_it(tmp_path):
    rows = count(tmp_path, [("a", 0, 0, *FLU), ("a", 0, 0, *FLU), ("a", 0, 0, *FEVER)] * 2)
    assert [(r["n_ab"], r["n_a"], r["n_b"], r["n"]) for r in rows] == [
        (1, 1, 1, 3),
        (1, 1, 1, 2),
        (1, 1, 1, 1),
    ]


def test_counts_put_types_in_order_whatever_the_order_in_the_text(tmp_path):
    rows = count(tmp_path, [("a", 0, 0, *LEG), ("a", 0, 0, *FEVER), ("a", 0, 0, *FLU)])
    sentence = [(r["a_type"], r["b_type"]) for r in rows if r["scope"] == "sentence"]
    assert sentence == [
        ("CONDITION", "SYMPTOM"),
        ("CONDITION", "BODY_PART"),
        ("SYMPTOM", "BODY_PART"),
    ]


def test_counts_pair_no_concept_with_itself(tmp_path):
    assert count(tmp_path, [("a", 0, 0, *FEVER), ("a", 0, 0, *FEVER)]) == []


def test_counts_of_nothing_are_empty(tmp_path):
    assert count(tmp_path, []) == []


def test_counts_number_documents_not_windows(tmp_path):
    both = [(doc, s, 0, *what) for doc in "ab" for s in range(3) for what in (FLU, FEVER)]
    rows = count(tmp_path, both, documents=[("a", 3), ("b", 4), ("c", 5)], n_sections=4)
    assert [(r["scope"], r["n_ab"], r["n"], r["n_docs"]) for r in rows] == [
        ("sentence", 6, 12, 2),
        ("section", 2, 4, 2),
        ("document", 2, 3, 2),
    ]


def test_counts_use_folded_text_where_there_is_no_concept(tmp_path):
    heavy = [("SYMPTOM", None, None, text, False) for text in ("Heavy\n feeling", "heavy feeling")]
    rows = count(tmp_path, [("a", 0, 0, *FLU), *(("a", n, 0, *h) for n, h in enumerate(heavy))])
    found = {(r["scope"], r["b_concept_id"], r["b_label"], r["n_b"]) for r in rows}
    assert found == {
        ("sentence", "text:heavy feeling", "heavy feeling", 2),
        ("section", "text:heavy feeling", "heavy feeling", 1),
        ("document", "text:heavy feeling", "heavy feeling", 1),
    }


def test_counts_fold_text_as_unicode_does(tmp_path):
    texts = [("SYMPTOM", None, None, text, False) for text in ("É\u00a0feeling", "é feeling")]
    rows = count(tmp_path, [("a", 0, 0, *FLU), *(("a", n, 0, *t) for n, t in enumerate(texts))])
    assert {r["b_concept_id"] for r in rows} == {"text:é feeling"}


COMPOSITE = ("SYMPTOM", "HP:0000001,HP:0000002", "Leg pain; Foot pain", "leg or foot pain", False)


def test_counts_take_a_composite_apart(tmp_path):
    rows = count(tmp_path, [("a", 0, 0, *FLU), ("a", 0, 0, *COMPOSITE)])
    sentence = [(r["a_concept_id"], r["b_concept_id"]) for r in rows if r["scope"] == "sentence"]
    assert sentence == [
        ("MONDO:1", "HP:0000001"),
        ("MONDO:1", "HP:0000002"),
        ("HP:0000001", "HP:0000002"),
    ]


def test_counts_label_the_concepts_of_a_composite_by_name(tmp_path):
    rows = count(tmp_path, [("a", 0, 0, *FLU), ("a", 0, 0, *COMPOSITE)])
    labels = {r["b_concept_id"]: r["b_label"] for r in rows}
    assert labels == {"HP:0000001": "Leg pain", "HP:0000002": "Foot pain"}


# Statistics.

tables = st.integers(1, 400).flatmap(
    lambda n: st.tuples(st.integers(1, n), st.integers(1, n)).flatmap(
        lambda ab: st.tuples(
            st.integers(max(0, ab[0] + ab[1] - n), min(ab)), st.just(ab[0]), st.just(ab[1]),
            st.just(n),
        )
    )
)  # fmt: skip


def floats(*values):
    return [np.array([v], dtype=float) for v in values]


def arrays(cells):
    return [np.array(column, dtype=float) for column in zip(*cells, strict=True)]


@settings(max_examples=200, deadline=None)
@given(tables)
def test_fisher_equals_scipy_on_one_table(cells):
    n_ab, n_a, n_b, n = cells
    table = [[n_ab, n_a - n_ab], [n_b - n_ab, n - n_a - n_b + n_ab]]
    expected = stats.fisher_exact(table, alternative="greater").pvalue
    assert fisher_p(*floats(*cells))[0] == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.lists(tables, min_size=1, max_size=60))
def test_fisher_equals_scipy_on_many_tables_at_once(cells):
    n_ab, n_a, n_b, n = arrays(cells)
    expected = stats.hypergeom.sf(n_ab - 1, n, n_a, n_b)
    np.testing.assert_allclose(fisher_p(n_ab, n_a, n_b, n), expected, rtol=1e-9, atol=1e-12)


def test_fisher_equals_scipy_on_large_tables():
    rng = np.random.default_rng(20)
    n = rng.integers(10_000, 2_000_000, 200)
    n_a, n_b = rng.integers(1, 500, 200), rng.integers(1, 2_000, 200)
    n_ab = np.minimum(rng.integers(0, 40, 200), np.minimum(n_a, n_b))
    expected = stats.hypergeom.sf(n_ab - 1, n, n_a, n_b)
    found = fisher_p(*(x.astype(float) for x in (n_ab, n_a, n_b, n)))
    assert (expected < 1e-30).any()
    assert (expected > 0.5).any()
    np.testing.assert_allclose(found, expected, atol=1e-9)
    # Far out in the tail the logarithm of the factorials limits both.
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=80))
def test_benjamini_hochberg_equals_scipy(p):
    p = np.array(p)
    expected = stats.false_discovery_control(p, method="bh")
    np.testing.assert_allclose(benjamini_hochberg(p), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        # Always together, in some windows or in all of them.
        ((5, 5, 5, 10), 1.0),
        ((1, 1, 1, 100), 1.0),
        ((10, 10, 10, 10), 1.0),
        # Independent.
        ((4, 20, 20, 100), 0.0),
        ((3, 3, 10, 10), 0.0),
        # log2((2 * 16) / (4 * 4)) / -log2(2 / 16) = 1 / 3
        ((2, 4, 4, 16), 1 / 3),
        # log2((1 * 16) / (8 * 8)) / -log2(1 / 16) = -2 / 4
        ((1, 8, 8, 16), -0.5),
        # Never together: the limit.
        ((0, 5, 5, 10), -1.0),
    ],
)
def test_npmi_by_hand(cells, value):
    assert npmi(*floats(*cells))[0] == pytest.approx(value, abs=1e-12)


@settings(max_examples=200, deadline=None)
@given(tables)
def test_npmi_is_between_minus_one_and_one(cells):
    value = npmi(*floats(*cells))[0]
    assert -1 - 1e-12 <= value <= 1 + 1e-12


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        # (4 * 70) / (6 * 20)
        ((4, 10, 24, 100), 280 / 120),
        ((1, 2, 2, 4), 1.0),
        # A zero among the cells: one half is added to each.
        ((1, 1, 1, 52), (1.5 * 51.5) / (0.5 * 0.5)),
        ((2, 2, 5, 20), (2.5 * 15.5) / (0.5 * 3.5)),
        ((0, 5, 5, 10), (0.5 * 0.5) / (5.5 * 5.5)),
        ((10, 10, 10, 10), (10.5 * 0.5) / (0.5 * 0.5)),
    ],
)
def test_odds_ratio_by_hand(cells, value):
    assert odds_ratio(*floats(*cells))[0] == pytest.approx(value, rel=1e-12)


@settings(max_examples=200, deadline=None)
@given(tables)
def test_odds_ratio_is_scipys_where_no_cell_is_zero_and_finite_elsewhere(cells):
    n_ab, n_a, n_b, n = cells
    table = np.array([[n_ab, n_a - n_ab], [n_b - n_ab, n - n_a - n_b + n_ab]])
    found = odds_ratio(*floats(*cells))[0]
    if table.all():
        assert found == pytest.approx(stats.fisher_exact(table).statistic, rel=1e-9)
    else:
        assert 0 < found < math.inf


def test_expected_count_by_hand():
    assert expected_count(*floats(10, 24, 100))[0] == pytest.approx(2.4)


def test_statistics_complete_the_written_table(corpus_run):
    rows = corpus_run["cooccurrences"]
    assert len(rows) > 90
    for r in rows:
        n_ab, n_a, n_b, n = (r[name] for name in ("n_ab", "n_a", "n_b", "n"))
        assert r["expected"] == pytest.approx(n_a * n_b / n, rel=1e-9)
        assert r["enrichment"] == pytest.approx(n_ab * n / (n_a * n_b), rel=1e-9)
        assert r["p_value"] == pytest.approx(stats.hypergeom.sf(n_ab - 1, n, n_a, n_b), rel=1e-9)
        assert -1 <= r["npmi"] <= 1 + 1e-12


def test_statistics_adjust_within_scope_and_types(corpus_run):
    families = defaultdict(list)
    for row in corpus_run["cooccurrences"]:
        families[row["scope"], row["a_type"], row["b_type"]].append(row)
    assert len(families) > 10
    for rows in families.values():
        expected = stats.false_discovery_control([r["p_value"] for r in rows])
        assert [r["q_value"] for r in rows] == pytest.approx(list(expected), rel=1e-9)


@settings(max_examples=200, deadline=None)
@given(tables)
def test_log_odds_and_its_error_are_scipys_where_no_cell_is_zero(cells):
    n_ab, n_a, n_b, n = cells
    table = np.array([[n_ab, n_a - n_ab], [n_b - n_ab, n - n_a - n_b + n_ab]])
    (value,), (error,) = log_odds(*floats(*cells))
    assert value == pytest.approx(math.log(odds_ratio(*floats(*cells))[0]), abs=1e-9)
    assert 0 < error < math.inf
    if table.all():
        reference = stats.contingency.odds_ratio(table, kind="sample")
        low, high = reference.confidence_interval(0.95)
        z = stats.norm.ppf(0.975)
        assert value == pytest.approx(math.log(reference.statistic), abs=1e-9)
        assert error == pytest.approx((math.log(high) - math.log(low)) / (2 * z), abs=1e-9)


# Copies.

ARTICLE = " ".join(f"word{n} follows word{n + 1} in this long article" for n in range(60))


@pytest.mark.parametrize(
    ("texts", "kinds"),
    [
        ([], []),
        (["Flu is common."], [0]),
        ([ARTICLE, "Something else stands here.", ARTICLE], [0, 1, 0]),
        ([ARTICLE, ARTICLE.replace("word5 ", "another "), ARTICLE.upper()], [0, 0, 0]),
        ([ARTICLE, ARTICLE[: len(ARTICLE) // 2]], [0, 1]),
        (["", "", "!"], [0, 1, 2]),
        (["Flu.", "Flu.", "Flu"], [0, 0, 0]),
    ],
)
def test_copies_are_found_and_texts_without_words_are_none(texts, kinds):
    assert find_copies(texts).tolist() == kinds


def test_counts_take_copies_of_an_article_once_in_the_effective_number(nlp, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name in ("flu", "copy", "again"):
        (folder / f"{name}.txt").write_text(ARTICLES["flu"])
    (folder / "other.txt").write_text(ARTICLES["ms"])
    run([folder], out, RunConfig(), lambda: nlp)
    rows = pq.read_table(out / "cooccurrences.parquet").to_pylist()
    found = {
        (r["n_docs"], r["n_effective_docs"])
        for r in rows
        if r["a_label"] == "influenza" and r["b_label"] == "Cough"
    }
    assert found == {(3, 1)}


def test_counts_leave_rarer_pairs_out(tmp_path):
    both = [("a", s, 0, *what) for s in range(3) for what in (FLU, FEVER)]
    rows = count(tmp_path, [*both, ("a", 0, 0, *LEG)], min_count=2)
    assert [(r["scope"], r["b_concept_id"], r["n_ab"]) for r in rows] == [("sentence", "HP:1", 3)]


def test_counts_say_how_conditions_and_symptoms_stand_to_annotations(tmp_path):
    mentions = [("a", 0, 0, *FLU), ("a", 0, 0, *FEVER), ("a", 0, 0, *LEG)]
    rows = count(tmp_path, mentions, annotated=lambda one, other: f"{one} {other}")
    assert {r["hpoa"] for r in rows if r["a_type"] == "CONDITION"} == {"MONDO:1 HP:1", None}


def test_cooccurrence_of_a_run_without_mentions_is_an_empty_table(nlp, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "plain.txt").write_text(ARTICLES["plain"])
    run([folder], out, RunConfig(), lambda: nlp)
    assert pq.read_table(out / "cooccurrences.parquet").num_rows == 0
