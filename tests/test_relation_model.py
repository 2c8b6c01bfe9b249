"""The model of relations: what is stored gives what was fitted, and what pairs it sees."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.components.pairs import N_WORDS, REGIONS, PairReader, feature_names
from pipeline.components.relation_model import RelationModel, load_relation_model
from pipeline.evaluation.brat import read_document
from pipeline.evaluation.given import annotate_given, give_mentions
from pipeline.evaluation.gold import read_gold
from pipeline.evaluation.report import evaluate
from pipeline.records import HAS_SYMPTOM, LOCATED_IN, RELATION_TYPES
from pipeline.training.relating import (
    RelationSettings,
    best_threshold,
    fit_relations,
    read_examples,
    score_pairs,
)

SETTINGS = RelationSettings(trees=12, depth=3, folds=2, leaf=2)


@pytest.fixture(scope="module")
def examples(nlp, root):
    return read_examples(read_gold(root / "corpus/gold/dev"), nlp)


@pytest.fixture(scope="module")
def fitted(examples):
    return fit_relations(examples, SETTINGS)


def test_model_is_the_same_after_a_round_trip(fitted, examples):
    again = RelationModel.from_bytes(fitted.to_bytes())
    assert again.to_bytes() == fitted.to_bytes()
    for kind, found in examples.items():
        for example in found:
            one, other = (
                model.types[kind].probabilities(example.reading, example.pairs)
                for model in (fitted, again)
            )
            np.testing.assert_array_equal(one, other)


def test_model_of_the_same_examples_is_the_same(fitted, examples):
    assert fit_relations(examples, SETTINGS).to_bytes() == fitted.to_bytes()


@pytest.mark.parametrize("data", [b"", b"nothing of the kind"])
def test_model_of_other_bytes_is_refused(data):
    with pytest.raises((ValueError, EOFError)):
        RelationModel.from_bytes(data)


def test_model_refuses_other_features(fitted):
    with pytest.raises(ValueError, match="fit it again"):
        fitted.types[HAS_SYMPTOM].from_features(np.zeros((1, 3), dtype=np.float32))


def test_trees_give_what_scikit_learn_gives():
    from sklearn.ensemble import HistGradientBoostingClassifier

    from pipeline.training.relating import _with_trees

    rng = np.random.default_rng(3)
    table = rng.integers(0, 6, (400, 5)).astype(np.float32)
    labels = ((table[:, 0] > 2) ^ (table[:, 1] > 3)).astype(np.int8)
    words = np.zeros((len(REGIONS), N_WORDS), dtype=np.float16)
    shares = np.ones(len(labels))
    model = _with_trees(table, labels, shares, words, 0.0, SETTINGS)
    reference = HistGradientBoostingClassifier(
        max_iter=SETTINGS.trees, max_depth=SETTINGS.depth, max_leaf_nodes=None,
        learning_rate=SETTINGS.learn_rate, max_features=SETTINGS.columns,
        min_samples_leaf=SETTINGS.leaf, l2_regularization=SETTINGS.penalty,
        early_stopping=False, random_state=SETTINGS.seed,
    ).fit(table, labels)  # fmt: skip
    expected = reference.predict_proba(table)[:, 1]
    np.testing.assert_allclose(model.from_features(table), expected, atol=1e-6)


def test_words_of_a_pair_are_summed_by_region(fitted, examples):
    model = fitted.types[HAS_SYMPTOM]
    weights = model.words.astype(np.float64).reshape(-1)
    for example in examples[HAS_SYMPTOM]:
        expected = example.words() @ weights + model.intercept
        found = model.word_scores(example.reading, example.pairs)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_the_shipped_model_knows_the_features_of_today():
    for model in load_relation_model().types.values():
        assert model.n_features == len(feature_names()) + 1
        assert model.words.shape == (len(REGIONS), N_WORDS)
        assert 0 < model.threshold < 1


def test_pairs_reach_nearly_all_gold_relations(examples):
    for kind, least in zip(RELATION_TYPES, (0.97, 0.97, 0.97), strict=True):
        wanted = sum(len(e.wanted) for e in examples[kind])
        keys = [
            {
                (int(e.reading.items.key[h]), int(e.reading.items.key[t]))
                for h, t in zip(e.pairs.head, e.pairs.tail, strict=True)
            }
            for e in examples[kind]
        ]
        reached = sum(len(e.wanted & found) for e, found in zip(examples[kind], keys, strict=True))
        assert reached >= least * wanted


def test_denied_mentions_are_not_learned_from(examples):
    for found in examples.values():
        for example in found:
            items = example.reading.items
            rows = np.flatnonzero(example.counted)
            assert not items.negated[example.pairs.head[rows]].any()
            assert not items.negated[example.pairs.tail[rows]].any()


def test_scores_of_pairs_by_hand(examples):
    example = next(e for e in examples[LOCATED_IN] if len(e.wanted) > 2)
    right = example.labels.astype(float)
    assert score_pairs([(example, right)], 0.5)[2] > 0.9
    assert score_pairs([(example, 0 * right)], 0.5) == (0.0, 0.0, 0.0)
    assert best_threshold([(example, 0.31 * right)]) <= 0.31


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        # The same sentence comes before a nearer mention of the next one.
        ("Asthma and flu cause cough. Asthma is bad.", {"Asthma": 0}),
        ("Asthma is bad. It causes cough. Asthma is old.", {"Asthma": 32}),
    ],
)
def test_pairs_take_the_nearest_mention_of_a_condition(nlp, text, heads):
    doc = nlp(text)
    reading = PairReader()(doc)
    pairs = reading.pairs(HAS_SYMPTOM)
    mentions = list(doc.spans["sc"])
    found = {mentions[h].text: mentions[h].start_char for h in pairs.head}
    assert {name: found[name] for name in heads} == heads


def test_given_mentions_are_those_of_the_gold(nlp, root):
    gold = read_document(root / "corpus/gold/causes-of-weakness-in-legs.ann")
    doc = give_mentions(nlp, gold)
    by_id = gold.by_id()
    assert {m.id_ for m in doc.spans["sc"]} == by_id.keys()
    for mention in doc.spans["sc"]:
        true = by_id[mention.id_]
        assert (mention.text, mention.label_) == (true.text, true.label)
        assert (mention._.negated, mention._.uncertain) == (true.negated, true.uncertain)
    related = annotate_given(nlp, gold)._.relations
    assert related
    assert {r["head"] for r in related} <= by_id.keys()


def test_evaluate_with_given_mentions_scores_the_relations_alone(root):
    result = evaluate(root / "corpus/gold", "fast", given=True)
    scores = result.scores
    assert scores.mentions["strict"]["ALL"].f1 == 1.0
    assert scores.relations[HAS_SYMPTOM].f1 > 0.8
    assert scores.relations[HAS_SYMPTOM].f1 < 1.0
