from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.terminology.hashing import extend_ngrams, hash_acronym, hash_ngram, hash_unit

hashes = st.integers(min_value=0, max_value=2**64 - 1)


@settings(deadline=None, max_examples=200)
@given(st.lists(hashes, min_size=1, max_size=12), st.integers(min_value=1, max_value=8))
def test_hashing_numpy_ngrams_agree_with_python(units, length):
    array = np.array(units, dtype=np.uint64)
    n_grams = len(units) - length + 1
    if n_grams < 1:
        length, n_grams = 1, len(units)
    grams = array[:n_grams]
    for offset in range(1, length):
        grams = extend_ngrams(grams, array[offset : offset + n_grams])
    expected = [hash_ngram(units[start : start + length]) for start in range(n_grams)]
    assert grams.dtype == np.uint64
    assert grams.tolist() == expected


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=20))
def test_hashing_unit_is_a_64_bit_number_and_never_0(unit):
    assert 0 < hash_unit(unit) < 2**64


def test_hashing_unit_is_the_same_in_every_process_and_version():
    # Compiled indexes outlive the process that wrote them.
    assert hash_unit("leg") == 17448638615560605742


def test_hashing_single_unit_is_its_own_ngram():
    assert hash_ngram([hash_unit("leg")]) == hash_unit("leg")


@pytest.mark.parametrize(
    ("one", "other"),
    [(["leg", "pain"], ["pain", "leg"]), (["leg"], ["leg", "leg"]), (["legpain"], ["leg", "pain"])],
)
def test_hashing_ngram_depends_on_order_and_borders(one, other):
    assert hash_ngram([hash_unit(u) for u in one]) != hash_ngram([hash_unit(u) for u in other])


@pytest.mark.parametrize("form", ["ALS", "als", "MS"])
def test_hashing_acronym_is_apart_from_the_word(form):
    assert hash_acronym(form) not in {hash_unit(form), hash_unit(form.lower())}


def test_hashing_acronym_depends_on_case():
    assert hash_acronym("ALS") != hash_acronym("Als")
