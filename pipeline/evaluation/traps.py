"""Traps: minimal pairs of short texts whose right answers differ, scored by group.

A trap file is a CSV with the columns ``pair``, ``text``, ``attribute`` and ``expected``; its name
is the group. In ``text`` one span stands in square brackets, which are taken out before the text
is annotated. What is asked of it:

``type``
    CONDITION, SYMPTOM or BODY_PART: it is exactly such a mention; ``none``: nothing overlaps it but
    body parts that are smaller.
``covered``
    ``yes``: it lies in a mention; ``no``: no mention touches it.
``concept``
    CURIEs of exactly this mention, alternatives with ``|``; or ``none``.
``negated``, ``uncertain`` (``yes``, ``no``), ``experiencer``, ``role``
    what is said of the condition or symptom there.

After Ribeiro et al. (2020, CheckList).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.errors import GoldError
from pipeline.tables.spreadsheet import harmless

_FIELDS = ["pair", "text", "attribute", "expected"]
_MARKED = re.compile(r"\[([^\[\]]+)\]")
_ASSERTED = ("negated", "uncertain", "experiencer", "role")
ANSWER_FIELDS = ["group", "pair", "attribute", "expected", "given", "text"]
ATTRIBUTES = ("type", "covered", "concept", *_ASSERTED)


@dataclass(frozen=True, slots=True)
class Trap:
    """One text with a span and the right answer; ``start`` and ``end`` are code points."""

    group: str
    pair: str
    text: str
    start: int
    end: int
    attribute: str
    expected: str

    @property
    def marked(self) -> str:
        """The text with its span in brackets."""
        span = f"[{self.text[self.start : self.end]}]"
        return self.text[: self.start] + span + self.text[self.end :]


@dataclass(frozen=True, slots=True)
class Answer:
    """A trap and what the pipeline says there."""

    trap: Trap
    given: str
    passed: bool

    def row(self) -> list[str]:
        """Cells of a CSV row with the columns :data:`ANSWER_FIELDS`, safe for spreadsheets."""
        t = self.trap
        cells = (t.group, t.pair, t.attribute, t.expected, self.given, t.marked)
        return [harmless(cell) for cell in cells]


def read_traps(folder: Path) -> list[Trap]:
    """Traps of all CSV files of a folder, in order of their names.

    Raises
    ------
    GoldError
        If there is no such file or a row is malformed.
    """
    paths = sorted(folder.glob("*.csv"))
    if not paths:
        raise GoldError(f"{folder}: no trap files (.csv); give the folder that holds them")
    return [trap for path in paths for trap in _read(path)]


def _read(path: Path) -> Iterable[Trap]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            if reader.fieldnames != _FIELDS:
                raise GoldError(f"{path}: the columns must be {', '.join(_FIELDS)}")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise GoldError(f"{path}: cannot be read ({error})") from error
    for number, row in enumerate(rows, start=1):
        found = list(_MARKED.finditer(row["text"] or ""))
        if len(found) != 1 or row["attribute"] not in ATTRIBUTES or not row["expected"]:
            raise GoldError(
                f"{path}, trap {number}: give one span in square brackets, one of "
                f"{', '.join(ATTRIBUTES)}, and what is expected"
            )
        start = found[0].start()
        text = row["text"][:start] + found[0][1] + row["text"][found[0].end() :]
        end = start + len(found[0][1])
        yield Trap(path.stem, row["pair"], text, start, end, row["attribute"], row["expected"])


def answer_traps(traps: Iterable[Trap], nlp: Language) -> list[Answer]:
    """Annotate every trap and compare."""
    return [answer(trap, nlp(trap.text)) for trap in traps]


def answer(trap: Trap, doc: Doc) -> Answer:
    """What an annotated Doc says of a trap's span, and whether it is right."""
    touching = [
        m for m in doc.spans[attributes.MENTIONS]
        if m.start_char < trap.end and trap.start < m.end_char
    ]  # fmt: skip
    if trap.attribute == "concept":
        return _concept(trap, touching)
    ask = {"type": _types, "covered": _covered}.get(trap.attribute, _assertion)
    given = ask(trap, touching)
    return Answer(trap, given, given == trap.expected)


def _is_exact(trap: Trap, mention: Span) -> bool:
    return (mention.start_char, mention.end_char) == (trap.start, trap.end)


def _types(trap: Trap, touching: list[Span]) -> str:
    exact = [m.label_ for m in touching if _is_exact(trap, m)]
    if exact:
        return exact[0]
    nested = all(
        m.label_ == attributes.BODY_PART and trap.start <= m.start_char and m.end_char <= trap.end
        for m in touching
    )
    return "none" if nested else "other borders: " + "; ".join(m.text for m in touching)


def _covered(trap: Trap, touching: list[Span]) -> str:
    if not touching:
        return "no"
    inside = any(m.start_char <= trap.start and trap.end <= m.end_char for m in touching)
    return "yes" if inside else "in part"


def _concept(trap: Trap, touching: list[Span]) -> Answer:
    exact = [m for m in touching if _is_exact(trap, m)]
    if not exact:
        return Answer(trap, "no mention", trap.expected == "none")
    curies = exact[0]._.concepts[0][0] if exact[0]._.concepts else "none"
    right = any(set(curies.split(",")) == set(one.split(",")) for one in trap.expected.split("|"))
    return Answer(trap, curies, right)


def _assertion(trap: Trap, touching: list[Span]) -> str:
    """What is said of the condition or symptom that shares most with the span."""
    named = [m for m in touching if m.label_ != attributes.BODY_PART]
    if not named:
        return "no mention"
    mention = max(named, key=lambda m: min(m.end_char, trap.end) - max(m.start_char, trap.start))
    value = attributes.values(mention, trap.attribute)[0]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value or "none"


def pass_rates(answers: Iterable[Answer]) -> dict[str, tuple[int, int]]:
    """Of each group, and of ``ALL``: traps passed, and traps in all."""
    rates: dict[str, tuple[int, int]] = {}
    for found in answers:
        for group in (found.trap.group, "ALL"):
            passed, total = rates.get(group, (0, 0))
            rates[group] = passed + found.passed, total + 1
    return dict(sorted(rates.items(), key=lambda item: (item[0] == "ALL", item[0])))
