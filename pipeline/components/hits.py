"""What look-up, grammar and layout say of each token, as small numbers that a network can embed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import SENT_START
from spacy.tokens import Doc, Span

from pipeline.components import attributes
from pipeline.components.lexemes import LexemeTable
from pipeline.components.sections import HEADED, HEADING
from pipeline.data import load_toml
from pipeline.terminology.hashing import hash_unit
from pipeline.terminology.normalise import fold_word
from pipeline.terminology.records import SCOPES

# Features of a token and how many values each has; 0 is "nothing".
COLUMNS: dict[str, int] = {
    "name": 16,  # begins 1, ends 2, condition 4, symptom 8
    "scope": len(SCOPES) + 1,
    "doubt": 5,  # 1 plain, 2 of several concepts; 3 and 4 the same for acronyms
    "body_part": 4,  # 1 begins, 2 inside, 3 ends
    "rule": 7,  # what the rules made of it: condition 1 to 3, symptom 4 to 6, as above
    "rule_body_part": 4,
    "composed_condition": 4,
    "composed_symptom": 4,
    "composed_body_part": 4,
    "abbreviation": 3,  # short form, long form
    "block": 12,  # kind of block, times first of its sentence or not
    "section": 16,  # what the section's heading speaks of
    "title": 2,  # a content word of the first block
    "use": 4,  # the nearest cue before it in its sentence: of a symptom 1, of a condition 2
}
_BEGINS, _ENDS, _CONDITION, _SYMPTOM = 1, 2, 4, 8
_KINDS = {"PARAGRAPH": 1, "ITEM": 2, "ROW": 3, "HEADING": 4}
_QUESTION = 5
# Shortest content word; longest title.
_CONTENT = 4
_TITLE_TOKENS = 25
N_VALUES = sum(COLUMNS.values())
_OFFSETS = np.cumsum([0, *COLUMNS.values()])[:-1]


class Hits:
    """Reads a Doc's candidate mentions and layout.

    The kinds of sections and the cues of use are data (``use.toml``).
    """

    def __init__(self) -> None:
        use = load_toml("use.toml")
        self._section_words = [
            (kind, tuple(words)) for kind, words in enumerate(use["sections"].values(), start=1)
        ]
        cues: dict[str, int] = {}
        for flag, listed in ((1, use["symptom_cues"]), (2, use["condition_cues"])):
            for word in map(fold_word, listed):
                cues[word] = cues.get(word, 0) | flag
        self._cues = cues
        self._lexemes = LexemeTable(self._describe, {"cue": np.uint8, "content": np.uint64})

    def _describe(self, words: list[str]) -> tuple[list[int], list[int]]:
        folded = [fold_word(word) for word in words]
        content = [hash_unit(f) if len(f) >= _CONTENT and f.isalpha() else 0 for f in folded]
        return [self._cues.get(f, 0) for f in folded], content

    def __call__(self, doc: Doc) -> NDArray[np.intp]:
        """Rows of one embedding table, shape ``(n_tokens, len(COLUMNS))``.

        Every column has a stretch of the table to itself, in the order of :data:`COLUMNS`.
        """
        n_tokens = len(doc)
        found = {name: np.zeros(n_tokens, dtype=np.intp) for name in COLUMNS}
        _mark_names(doc, found)
        _mark_composed(doc, found)
        _mark_rules(doc, found)
        for record in doc._.abbreviations:
            found["abbreviation"][record["short_start"] : record["short_end"]] = 1
            found["abbreviation"][record["long_start"] : record["long_end"]] = 2
        begins = doc.to_array(SENT_START) == 1
        self._mark_layout(doc, found, begins)
        words = self._lexemes.gather(doc)
        found["use"] = _last_in_sentence(words["cue"], begins)
        found["title"] = _repeats_title(doc, words["content"])
        rows: NDArray[np.intp] = np.stack(list(found.values()), axis=1) + _OFFSETS
        return rows

    def _mark_layout(
        self, doc: Doc, found: dict[str, NDArray[np.intp]], begins: NDArray[np.bool_]
    ) -> None:
        headings: dict[int, Span] = {}
        for block in doc.spans.get(attributes.BLOCKS, ()):
            kind = _KINDS[block.label_]
            if block.label_ == HEADING:
                headings[block.start] = block
                if doc[block.end - 1].text == "?":
                    kind = _QUESTION
            found["block"][block.start : block.end] = 2 * kind
        found["block"] += begins
        for section in doc.spans.get(attributes.SECTIONS, ()):
            heading = headings.get(section.start) if section.label_ == HEADED else None
            if heading is not None:
                found["section"][section.start : section.end] = self._kind(heading.text.lower())

    def _kind(self, heading: str) -> int:
        """Number of the first kind of section whose words are in a heading; the last is "other"."""
        for kind, words in self._section_words:
            if any(word in heading for word in words):
                return kind
        return len(self._section_words) + 1


def _mark_names(doc: Doc, found: dict[str, NDArray[np.intp]]) -> None:
    """What the gazetteer found."""
    group: Any = doc.spans.get(attributes.GAZETTEER)
    if not group:
        return
    name, body, scope, doubt = (found[c] for c in ("name", "body_part", "scope", "doubt"))
    details = zip(group, *(group.attrs[a] for a in ("scopes", "acronyms", "concepts")), strict=True)
    for span, scope_number, acronym, concepts in details:
        start, end = span.start, span.end
        if span.label_ == attributes.BODY_PART:
            _mark(body, start, end)
            continue
        name[start:end] |= _CONDITION if span.label_ == attributes.CONDITION else _SYMPTOM
        name[start] |= _BEGINS
        name[end - 1] |= _ENDS
        scope[start:end] = scope_number + 1
        doubt[start:end] = 1 + 2 * acronym + (concepts > 1)


def _mark_composed(doc: Doc, found: dict[str, NDArray[np.intp]]) -> None:
    """What the grammar found."""
    for span in doc.spans.get(attributes.PATTERNS, ()):
        _mark(found[f"composed_{span.label_.lower()}"], span.start, span.end)


def _mark_rules(doc: Doc, found: dict[str, NDArray[np.intp]]) -> None:
    """What the resolver decided."""
    for span in doc.spans.get(attributes.MENTIONS, ()):
        if span.label_ == attributes.BODY_PART:
            _mark(found["rule_body_part"], span.start, span.end)
        else:
            base = 0 if span.label_ == attributes.CONDITION else 3
            _mark(found["rule"], span.start, span.end, base)


def _mark(column: NDArray[np.intp], start: int, end: int, base: int = 0) -> None:
    """Mark a stretch: 1 where it begins, 2 inside, 3 where it ends or is one token."""
    column[start:end] = base + 2
    column[start] = base + 1
    column[end - 1] = base + 3


def _repeats_title(doc: Doc, content: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Content words that the first block has too: an article begins with what it is about."""
    blocks = doc.spans.get(attributes.BLOCKS, ())
    end = min(blocks[0].end, _TITLE_TOKENS) if len(blocks) else 0
    there = np.unique(content[:end])
    return np.isin(content, there[there > 0]).astype(np.intp)


def _last_in_sentence(cues: NDArray[np.uint8], begins: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Of each token, the last cue before it in its sentence, or 0."""
    n_tokens = len(cues)
    places = np.arange(n_tokens)
    if not n_tokens:
        return places
    last = np.maximum.accumulate(np.where(cues > 0, places, -1))
    before = np.concatenate([[-1], last[:-1]])
    starts = np.maximum.accumulate(np.where(begins, places, 0))
    return np.where(before >= starts, cues[before], 0).astype(np.intp)
