"""Fold the spelling of words, the same way for terms and for text.

A *unit* is what the gazetteer matches on: a folded word, or one punctuation mark. Hyphens and
apostrophes make no unit, so "Charcot-Marie-Tooth" and "Charcot Marie Tooth" are the same three
units, and "Lou Gehrig's disease" is "lou gehrig disease".
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pipeline.data import load_table

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u00b4": "'"})
# A possessive at the end of a word, then words (letters and digits apart from each other only by
# what is neither), then any other single mark but hyphens, apostrophes and white space.
_POSSESSIVE = re.compile(r"'s\b|(?<=s)'(?!\w)", re.IGNORECASE)
_UNIT = re.compile(r"[^\W_]+|[^\w\s'\u2010-\u2015\u00ad-]|_")
# Determiners are no units: "cancer of the liver" is "cancer of liver".
SKIPPED = frozenset(("the", "your", "his", "her", "their", "my", "our", "its"))
# A plural of a British spelling takes two rounds; no word takes more than a few.
_MAX_FOLDS = 6
_BRITISH_OUR = re.compile(r"(?<=[a-z]{2})our(?=(?:s|ed|al|ation|ing|less)?$)")
_BRITISH_ISE = re.compile(r"(?<=[a-z]{3})([iy])s(?=(?:e|ed|es|ing|ation|ations)$)")


@lru_cache(maxsize=1)
def _respellings() -> tuple[dict[str, str], dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Whole-word respellings, irregular plurals and spelling rules of ``spelling.csv``."""
    words: dict[str, str] = {}
    plurals: dict[str, str] = {}
    rules: list[tuple[re.Pattern[str], str]] = []
    for row in load_table("spelling.csv"):
        if row["kind"] == "rule":
            rules.append((re.compile(row["from"]), row["to"]))
        else:
            (words if row["kind"] == "word" else plurals)[row["from"]] = row["to"]
    return words, plurals, rules


def _strip_accents(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _singular(word: str) -> str:
    """Fold the plural of an English or Latin noun; harmless on words that are none.

    Both sides are folded alike, so a wrong stem ("diabete") still matches itself; what matters is
    that two different words do not fall together ("arms" and "ARMS" are kept apart by case).
    """
    if len(word) < 4 or word[-1] not in "se" or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ae"):
        return word[:-1] if len(word) > 5 else word
    if not word.endswith("s"):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 5 else word[:-1]
    if word.endswith(("oses", "yses", "eses", "ises")) and len(word) > 6:
        return word[:-2] + "is"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=1 << 17)
def fold_word(word: str) -> str:
    """Fold one word: case, accents, UK/US spelling, then plural.

    Examples
    --------
    >>> [fold_word(w) for w in ("Tumours", "anaemia", "Feet", "diagnoses", "Sjögren")]
    ['tumor', 'anemia', 'foot', 'diagnosis', 'sjogren']
    """
    folded = word
    for _ in range(_MAX_FOLDS):
        before, folded = folded, _fold_once(folded)
        if folded == before:
            break
    return folded


def _fold_once(word: str) -> str:
    folded = _strip_accents(word.lower())
    words, plurals, rules = _respellings()
    folded = plurals[folded] if folded in plurals else _singular(folded)
    if folded in words:
        return words[folded]
    folded = _BRITISH_OUR.sub("or", folded)
    folded = _BRITISH_ISE.sub(r"\1z", folded)
    for pattern, replacement in rules:
        folded = pattern.sub(replacement, folded)
    return folded


def split_units(text: str) -> list[str]:
    """Split a text into its unfolded units: words, and single punctuation marks.

    Examples
    --------
    >>> split_units("Lou Gehrig's disease, X-linked")
    ['Lou', 'Gehrig', 'disease', ',', 'X', 'linked']
    """
    # Composed, so that a letter and its accent are one character.
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    return _UNIT.findall(_POSSESSIVE.sub("", composed.translate(_APOSTROPHES)))


@lru_cache(maxsize=1 << 16)
def normalise(text: str) -> tuple[str, ...]:
    """Folded units of a phrase, determiners left out: the key under which the index knows it.

    Examples
    --------
    >>> normalise("Swelling of the feet")
    ('swelling', 'of', 'foot')
    """
    folded = (fold_word(unit) for unit in split_units(text))
    return tuple(unit for unit in folded if unit and unit not in SKIPPED)
