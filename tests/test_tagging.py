from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.components.tagging import LAYERS, N_TAGS, decode, encode, layer_slices

C, S, B = "CONDITION", "SYMPTOM", "BODY_PART"
NO_BREAKS = np.array([0])


def _certain(tags, n_tags, sure=0.9):
    rows = np.full((len(tags), n_tags), (1 - sure) / (n_tags - 1), dtype="f")
    rows[np.arange(len(tags)), tags] = sure
    return rows


def _places(found):
    return [(m.start, m.end, m.label) for m in found]


@st.composite
def layouts(draw):
    """Mentions of one layer that do not overlap, and the number of tokens."""
    layer = draw(st.integers(0, 1))
    position, mentions = 0, []
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=8)):
        start = position + gap
        mentions.append((start, start + length, draw(st.sampled_from(LAYERS[layer]))))
        position = start + length
    return layer, position + draw(st.integers(1, 3)), mentions


def test_tagging_layers_share_the_columns():
    assert [s.indices(N_TAGS)[:2] for s in layer_slices()] == [(0, 9), (9, 14)]
    assert N_TAGS == 14


@given(layouts())
def test_tagging_decode_gives_back_what_encode_took(layout):
    layer, n_tokens, mentions = layout
    n_tags = 1 + 4 * len(LAYERS[layer])
    tags = encode(n_tokens, mentions, layer)
    assert _places(decode(_certain(tags, n_tags), NO_BREAKS, layer)) == mentions


@given(
    st.integers(0, 1),
    st.integers(1, 30),
    st.integers(0, 2**32 - 1),
    st.sets(st.integers(0, 29), max_size=6),
)
def test_tagging_any_scores_give_sound_mentions(layer, n_tokens, seed, breaks):
    raw = np.random.default_rng(seed).random((n_tokens, 1 + 4 * len(LAYERS[layer]))) ** 4
    rows = (raw / raw.sum(axis=1, keepdims=True)).astype("f")
    cuts = np.array(sorted({0} | {b for b in breaks if b < n_tokens}))
    found = decode(rows, cuts, layer)
    for one, other in zip(found, found[1:], strict=False):
        assert one.end <= other.start
    for mention in found:
        assert 0 <= mention.start < mention.end <= n_tokens
        assert 0 <= mention.score <= 1
        assert not any(mention.start < cut < mention.end for cut in cuts)


def test_tagging_of_overlapping_mentions_the_longest_counts():
    tags = encode(6, [(0, 2, C), (1, 5, S)], 0)
    assert _places(decode(_certain(tags, 9), NO_BREAKS, 0)) == [(1, 5, S)]


def test_tagging_score_is_the_probability_of_all_tags():
    rows = _certain(encode(3, [(0, 3, B)], 1), 5, sure=0.8)
    (found,) = decode(rows, NO_BREAKS, 1)
    assert found.score == pytest.approx(0.8**3, abs=1e-6)


def test_tagging_outside_everywhere_gives_nothing():
    assert decode(_certain([0, 0, 0], 9), NO_BREAKS, 0) == []
    assert decode(_certain([0, 0, 0], 9, sure=0.999), NO_BREAKS, 0) == []
