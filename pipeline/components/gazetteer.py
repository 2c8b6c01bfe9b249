"""Find the names of the terminology in a text: the hashed n-gram look-up.

All n-grams of up to 8 folded units are hashed with numpy and looked up in the memory-mapped index;
nothing is built per start, nothing is copied per process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.attrs import SPACY
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from pipeline.components import attributes
from pipeline.components.lexemes import LexemeTable
from pipeline.terminology.hashing import hash_unit
from pipeline.terminology.index import Matches, TermIndex
from pipeline.terminology.normalise import SKIPPED, fold_word, normalise, split_units
from pipeline.terminology.records import ENTITY_TYPES, IDIOM, SCOPES
from pipeline.terminology.rules import known_acronyms

_WORD, _SKIP, _SPACE, _HYPHEN, _SEVERAL = 0, 1, 2, 3, 4
_HYPHENS = frozenset("-‐‑‒–—―\u00ad'’‘")
_BREAK = hash_unit("\0break")


def open_index(terms: Sequence[str] = ()) -> TermIndex:
    """Open the compiled terminology, so that a component's config can refer to it.

    Parameters
    ----------
    terms
        Paths of the user's own terminology files.
    """
    from pipeline.terminology.cache import load_index

    return load_index(own=[Path(term) for term in terms])


def _classify(word: str) -> tuple[int, int]:
    """Kind of a token, and the hash of its unit."""
    units = (word,) if word.isascii() and word.isalpha() else split_units(word)
    if len(units) == 1:
        folded = fold_word(units[0])
        return (_SKIP, 0) if folded in SKIPPED or not folded else (_WORD, hash_unit(folded))
    if units:
        return _SEVERAL, 0
    if not word.strip():
        return _SPACE, _BREAK
    return (_HYPHEN, _BREAK) if all(c in _HYPHENS for c in word) else (_SKIP, 0)


class Gazetteer:
    """Write all names found to ``doc.spans["gazetteer"]``, the longest ones of each type.

    A name that is both a condition's and a symptom's gives two spans; the resolver decides.
    ``span.kb_id_`` is the best concept's CURIE. Beside the spans, in their order, the group's
    ``attrs`` say how sure each name is: ``scopes`` (the synonym's scope, as its place in
    ``SCOPES``), ``acronyms`` (0 or 1) and ``concepts`` (how many concepts of its type it has).
    """

    def __init__(self, index: TermIndex) -> None:
        self._index = index
        self._names: dict[tuple[int, str], tuple[str, int, int]] = {}
        self._lexemes = LexemeTable(
            self._describe,
            {
                "kind": np.uint8,
                "unit": np.uint64,
                "longest": np.uint8,
                "acronym": np.int64,
                "known": np.bool_,
            },
        )

    def _describe(self, words: list[str]) -> tuple[Any, ...]:
        kinds, units = zip(*map(_classify, words), strict=True)
        longest = self._index.longest_from(np.array(units, dtype=np.uint64))
        acronyms = [self._index.find_acronym(word) for word in words]
        known = [
            key >= 0 and word.removesuffix("s") in known_acronyms()
            for key, word in zip(acronyms, words, strict=True)
        ]
        return kinds, units, longest, acronyms, known

    def __call__(self, doc: Doc) -> Doc:
        """Look up one Doc."""
        found, idioms = self._find(doc) if len(doc) else ([], [])
        matches = sorted(found)
        names = [self._name(key, label) for _, _, label, _, key, _ in matches]
        spans = [
            Span(doc, start, end, label=label, kb_id=curie)
            for (start, _, label, end, _, _), (curie, _, _) in zip(matches, names, strict=True)
        ]
        attrs = {
            "scopes": [scope for _, scope, _ in names],
            "acronyms": [match[5] for match in matches],
            "concepts": [count for _, _, count in names],
        }
        doc.spans[attributes.GAZETTEER] = SpanGroup(
            doc, name=attributes.GAZETTEER, spans=spans, attrs=attrs
        )
        doc.spans[attributes.IDIOMS] = [Span(doc, start, end) for start, end in idioms]
        return doc

    def _name(self, key: int, label: str) -> tuple[str, int, int]:
        """What a key stands for in a type: its best concept's CURIE and scope, and how many."""
        name = self._names.get((key, label))
        if name is None:
            entries = [e for e in self._index.entries(key) if e.type == label]
            name = entries[0].curie, SCOPES.index(entries[0].scope), len(entries)
            self._names[key, label] = name
        return name

    def _find(
        self, doc: Doc
    ) -> tuple[list[tuple[int, int, str, int, int, int]], list[tuple[int, int]]]:
        """Longest matches of each type, and the idioms.

        Of a match: first token, minus the end, type, end, key, and whether it is an acronym.
        """
        features = self._lexemes.gather(doc)
        acronyms = self._readable(doc, features)
        units, longest, tokens = self._units(doc, features)
        matches = _whole_tokens(self._index.match(units, longest), tokens)
        starts = np.concatenate([tokens[matches.starts], acronyms])
        ends = np.concatenate([tokens[matches.ends - 1] + 1, acronyms + 1])
        keys = np.concatenate([matches.keys, features["acronym"][acronyms]])
        by_acronym = np.zeros(len(starts), dtype=np.intp)
        by_acronym[len(matches.starts) :] = 1
        masks = self._index.type_masks[keys]
        idiom = masks >> IDIOM & 1 == 1
        masks = np.where(_inside(starts, ends, idiom), 0, masks)
        found: list[tuple[int, int, str, int, int, int]] = []
        for bit, label in enumerate(ENTITY_TYPES):
            chosen = np.flatnonzero(masks & (1 << bit))
            chosen = chosen[_maximal(starts[chosen], ends[chosen])]
            columns = (a[chosen].tolist() for a in (starts, ends, keys, by_acronym))
            rows = zip(*columns, strict=True)
            found += [(start, -end, label, end, key, short) for start, end, key, short in rows]
        return found, list(zip(starts[idiom].tolist(), ends[idiom].tolist(), strict=True))

    def _readable(self, doc: Doc, features: dict[str, NDArray[Any]]) -> NDArray[np.intp]:
        """Tokens that are acronyms which readers know, or which the document expands alike."""
        acronyms = np.flatnonzero(features["acronym"] >= 0).tolist()
        if not acronyms:
            return np.empty(0, dtype=np.intp)
        expanded = {a["short_start"]: a["long_text"] for a in doc._.abbreviations}
        kept = [
            t
            for t in acronyms
            if (
                self._is_about(int(features["acronym"][t]), expanded[t])
                if t in expanded
                else features["known"][t]
            )
        ]
        return np.array(kept, dtype=np.intp)

    def _is_about(self, key: int, long_form: str) -> bool:
        """Tell whether an acronym's concept shares half of its words with an expansion."""
        words = set(normalise(long_form))
        labels = [set(normalise(entry.label)) for entry in self._index.entries(key)]
        return any(2 * len(words & label) >= len(label) for label in labels)

    def _units(
        self, doc: Doc, features: dict[str, NDArray[Any]]
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.intp]]:
        """The Doc as units: their hashes, the longest name from each, and the token of each."""
        kind, unit, longest = features["kind"], features["unit"], features["longest"]
        spaced = doc.to_array(SPACY).astype(bool)
        # A hyphen with space on both sides, and the white space before a block, end a name.
        breaks = (
            (kind == _HYPHEN)
            & spaced
            & np.concatenate([[True], spaced[:-1] | (kind[:-1] == _SPACE)])
        )
        for block in doc.spans.get(attributes.BLOCKS, ()):
            if block.start and kind[block.start - 1] == _SPACE:
                breaks[block.start - 1] = True
        keep = (kind == _WORD) | (kind == _SEVERAL) | breaks
        tokens = np.flatnonzero(keep)
        units, longests = unit[tokens], longest[tokens]
        several = np.flatnonzero(kind[tokens] == _SEVERAL)
        if not len(several):
            return units, longests, tokens
        return self._expand(doc, tokens, units, longests, several)

    def _expand(
        self,
        doc: Doc,
        tokens: NDArray[np.intp],
        units: NDArray[Any],
        longests: NDArray[Any],
        several: NDArray[np.intp],
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.intp]]:
        """Spread the tokens at ``several``, which hold several units ("COVID-19", "and/or")."""
        words = [doc[token].text for token in tokens[several].tolist()]
        parts = [[hash_unit(fold_word(u)) for u in split_units(word)] for word in words]
        repeats = np.ones(len(tokens), dtype=np.intp)
        repeats[several] = [len(part) for part in parts]
        units, longests, tokens = (np.repeat(a, repeats) for a in (units, longests, tokens))
        firsts = np.cumsum(repeats)[several] - repeats[several]
        for first, part in zip(firsts.tolist(), parts, strict=True):
            units[first : first + len(part)] = part
            longests[first : first + len(part)] = self._index.longest_from(
                np.array(part, dtype=np.uint64)
            )
        return units, longests, tokens


def _whole_tokens(matches: Matches, tokens: NDArray[np.intp]) -> Matches:
    """Matches that neither begin nor end within a token ("lungs" in "lungs.1")."""
    bounds = np.concatenate([[-1], tokens, [-1]])
    whole = (bounds[matches.starts] != tokens[matches.starts]) & (
        bounds[matches.ends + 1] != tokens[matches.ends - 1]
    )
    return Matches(matches.starts[whole], matches.ends[whole], matches.keys[whole])


def _inside(
    starts: NDArray[np.intp], ends: NDArray[np.intp], idioms: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Matches that touch an idiom and are no longer than it."""
    touched = np.zeros(len(starts), dtype=np.bool_)
    for idiom in np.flatnonzero(idioms).tolist():
        start, end = starts[idiom], ends[idiom]
        touched |= (starts < end) & (ends > start) & (ends - starts <= end - start)
    return touched


def _maximal(starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.intp]:
    """Positions of the ranges that no other range contains, in reading order."""
    order = np.lexsort((-ends, starts))
    reach = np.maximum.accumulate(ends[order]) if len(order) else ends
    kept = np.ones(len(order), dtype=bool)
    kept[1:] = ends[order][1:] > reach[:-1]
    maximal: NDArray[np.intp] = order[kept]
    return maximal


@Language.factory(
    "symptograph_gazetteer",
    assigns=["doc.spans"],
    default_config={"index": {"@misc": "symptograph.TermIndex.v1"}},
)
def make_gazetteer(nlp: Language, name: str, index: TermIndex) -> Gazetteer:
    """Make the component that looks up the terminology."""
    attributes.register()
    return Gazetteer(index)
