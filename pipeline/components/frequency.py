"""How often a condition has a symptom, as HPO's frequency terms (children of HP:0040279)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pipeline.data import load_toml

# Characters between a symptom and its share in a table: a space, perhaps a bracket.
_RIGHT_BEHIND = 2


class Frequency(NamedTuple):
    """Words that say how often; offsets are characters, half-open.

    A share that stands right behind one mention of a table is ``taken``: it is no other's.
    """

    start: int
    end: int
    curie: str
    taken: bool = False

    def stands_behind(self, end: int) -> bool:
        """Tell whether it stands right behind what ends there."""
        return 0 <= self.start - end <= _RIGHT_BEHIND


class FrequencyFinder:
    """Finds phrases ("most people"), percentages and ratios ("1 in 10")."""

    def __init__(self) -> None:
        data = load_toml("relations.toml")
        self._terms: list[tuple[float, str]] = [
            (term["least"], term["curie"]) for term in data["frequency"]
        ]
        phrases = {phrase: t["curie"] for t in data["frequency"] for phrase in t["phrases"]}
        self._curies: dict[str, str] = phrases
        self._numbers: dict[str, int] = data["numbers"]
        number = rf"\d+(?:\.\d+)?|{'|'.join(self._numbers)}"
        longest = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
        self._pattern = re.compile(
            rf"\b(?:(?P<phrase>{'|'.join(map(re.escape, longest))})"
            rf"|(?P<share>{number})\s*(?:%|per ?cent\b)"
            rf"|(?P<part>{number})\s+(?:in|out\s+of)\s+(?:every\s+)?(?P<whole>{number}))(?!\w)",
            re.IGNORECASE,
        )

    def find(self, text: str, start: int, end: int) -> Iterator[Frequency]:
        """All such words of a stretch of text, in reading order."""
        for match in self._pattern.finditer(text, start, end):
            curie = self._curie(match)
            if curie is not None:
                yield Frequency(*match.span(), curie)

    def _curie(self, match: re.Match[str]) -> str | None:
        if match["phrase"]:
            return self._curies[match["phrase"].lower()]
        if match["share"]:
            percent = self._value(match["share"])
        else:
            whole = self._value(match["whole"])
            percent = 100 * self._value(match["part"]) / whole if whole else 101.0
        if percent > 100:
            return None
        return next(curie for least, curie in self._terms if percent >= least)

    def _value(self, number: str) -> float:
        return float(self._numbers.get(number.lower(), number))


def nearest(found: Iterable[Frequency], start: int, end: int) -> Frequency | None:
    """The words nearest to a symptom: right behind it ("fever 90%"), else before, else behind it.

    Parameters
    ----------
    found
        In reading order.
    start, end
        Offsets of the symptom.
    """
    free = list(found)
    behind = next((f for f in free if f.stands_behind(end)), None)
    if behind is not None:
        return behind
    free = [f for f in free if not f.taken]
    before = [f for f in free if f.end <= start]
    return before[-1] if before else next((f for f in free if f.start >= end), None)
