"""Compile the token grammar of ``grammar.toml`` into regular expressions over one char a token.

The idea is that of cascaded regular expressions over tokens (TokensRegex; Chang and Manning 2014):
each token is written as one character that stands for the set of word classes it is in, so that a
pattern of token classes is an ordinary regular expression, run by the C engine of ``re``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipeline.terminology.normalise import fold_word, split_units

# What a token is besides its word: nothing, first or later token of a body part, last token of a
# symptom, of a condition, or of what may be either, that the gazetteer found.
STATUS_NONE, STATUS_BODY, STATUS_BODY_REST, STATUS_SYMPTOM, STATUS_CONDITION, STATUS_EITHER = range(
    6
)
N_STATUS = 6
# Room for 512 class sets; a status is a contiguous stretch of symbols, which keeps patterns short.
STATUS_STRIDE = 1024
FIRST_SYMBOL = 0x100
BOUNDARY = "\n"

_STATUSES = {
    "body": (STATUS_BODY,),
    "body_rest": (STATUS_BODY_REST,),
    "symptom": (STATUS_SYMPTOM, STATUS_EITHER),
    "finding": (STATUS_SYMPTOM,),
    "condition": (STATUS_CONDITION, STATUS_EITHER),
}
_CLASS = re.compile(r"<(\w+)>")
_MACRO = re.compile(r"\{([A-Z]\w*)\}")


def symbol(class_set: int, status: int, capital: bool) -> int:
    """Code point of a token with these features."""
    return FIRST_SYMBOL + status * STATUS_STRIDE + class_set * 2 + int(capital)


@dataclass(frozen=True)
class Rule:
    """One pattern of the grammar."""

    name: str
    label: str
    pattern: re.Pattern[str]
    score: float
    anchor: frozenset[str]
    """Characters of which a text must hold one for the rule to match at all."""


class Grammar:
    """Word classes and rules.

    Parameters
    ----------
    source
        The parsed TOML: tables ``words`` and ``macros``, array ``rule``.

    Raises
    ------
    ValueError
        If a pattern names an unknown class or macro, or an entry of ``words`` is no single word.
    """

    def __init__(self, source: dict[str, Any]) -> None:
        classes: dict[str, set[str]] = {}
        for name, words in source["words"].items():
            for word in words:
                if " " in word or (len(split_units(word)) != 1 and "'" not in word):
                    raise ValueError(f"grammar: {word!r} in words.{name} is not a single word")
                classes.setdefault(fold_word(word), set()).add(name)
        # Class set 0 is "no class"; the others in a fixed order.
        sets = sorted({tuple(sorted(names)) for names in classes.values()})
        self._sets: list[tuple[str, ...]] = [(), *sets]
        if len(self._sets) * 2 > STATUS_STRIDE:
            raise ValueError("grammar: more sets of word classes than there is room for")
        number = {names: position for position, names in enumerate(self._sets)}
        self._class_set = {word: number[tuple(sorted(names))] for word, names in classes.items()}
        self._names = set(source["words"])
        self._expressions: dict[str, str] = {}
        macros: dict[str, str] = source["macros"]
        self.rules = [
            Rule(
                r["name"],
                r["label"],
                self._compile(r["pattern"], macros),
                float(r["score"]),
                frozenset(c for name in r["needs"] for c in self._points(name)),
            )
            for r in source["rule"]
        ]

    def class_set(self, folded: str) -> int:
        """Number of the set of classes that a folded word is in."""
        return self._class_set.get(folded, 0)

    def _compile(self, pattern: str, macros: dict[str, str]) -> re.Pattern[str]:
        for _ in range(len(macros) + 1):
            pattern = _MACRO.sub(lambda m: f"(?:{self._macro(m.group(1), macros)})", pattern)
        return re.compile(_CLASS.sub(lambda m: self._characters(m.group(1)), pattern), re.VERBOSE)

    @staticmethod
    def _macro(name: str, macros: dict[str, str]) -> str:
        if name not in macros:
            raise ValueError(f"grammar: unknown macro {{{name}}}")
        return macros[name]

    def _characters(self, name: str) -> str:
        """Regular expression for one class, worked out once."""
        if name not in self._expressions:
            self._expressions[name] = self._expression(name)
        return self._expressions[name]

    def _expression(self, name: str) -> str:
        points = sorted(map(ord, self._points(name)))
        rest = f"{_ranges(sorted(map(ord, self._points('body_rest'))))}*" if name == "body" else ""
        return _ranges(points) + rest

    def _points(self, name: str) -> list[str]:
        """Characters of the tokens that are in a class, or have a status."""
        statuses: Iterable[int] = range(N_STATUS)
        capitals = (False, True)
        if name in _STATUSES:
            sets: Iterable[int] = range(STATUS_STRIDE // 2)
            statuses = _STATUSES[name]
        elif name == "cap":
            sets = [n for n, members in enumerate(self._sets) if "function_word" not in members]
            capitals = (True, True)
        elif name in self._names:
            sets = [n for n, members in enumerate(self._sets) if name in members]
        else:
            raise ValueError(f"grammar: unknown class <{name}>")
        return sorted({chr(symbol(c, s, k)) for c in sets for s in statuses for k in capitals})


def _ranges(points: list[int]) -> str:
    """Character class of a regular expression, in as few ranges as possible."""
    starts = [b for a, b in zip([-1, *points], points, strict=False) if b != a + 1]
    ends = [a for a, b in zip(points, [*points[1:], -1], strict=True) if b != a + 1]
    ranges = (f"\\u{a:04x}-\\u{b:04x}" for a, b in zip(starts, ends, strict=True))
    return "[" + "".join(ranges) + "]"
