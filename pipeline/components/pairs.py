"""Pairs of mentions that may be related, and what the text between and around them tells.

Everything is worked out for all pairs of a Doc at once: a pair is a row of numbers (places,
distances, counts of words of some classes), and a few stretches of text whose very words count.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.components.lexemes import LexemeTable, sentence_starts
from pipeline.data import load_toml
from pipeline.records import AFFECTS, HAS_SYMPTOM, LOCATED_IN
from pipeline.terminology.normalise import fold_word
from pipeline.terminology.records import ENTITY_TYPES, EntityType

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

_BLOCKS = ("HEADING", "PARAGRAPH", "ITEM", "ROW")
_LISTED = _BLOCKS.index("ITEM"), _BLOCKS.index("ROW")
_ROLES = ("prevention", "risk_factor", "differential", "emergency")
# Distances beyond these tell no more.
_FAR_TOKENS, _FAR_SENTENCES, _FAR_BLOCKS, _MANY = 60, 12, 8, 10
# Conditions that a symptom or a body part may hang on: the nearest ones of its section.
_MAX_HEADS = 12
# Tails and conditions are compared in tables of at most so many cells.
_MAX_CELLS = 1_000_000
# No distance is so many bits long.
_LATER = 24
# Sentences from a symptom to its site.
_MAX_SITE_SENTENCES = 1
_MAX_WORDS = 3
# Words are told apart by a hash of so many values.
N_WORDS = 1 << 14
# Stretches whose words count: between a head and a tail behind it, between a tail and a head behind
# it, before a tail whose head is in another sentence; right before and right after a tail, and a
# head; their own words. The last is of pairs of words.
REGIONS = (
    "head to tail", "tail to head", "sentence to tail", "word before", "words before",
    "word after", "words after", "sentence after", "tail", "head", "word before the head",
    "words after the head", "pair before",
)  # fmt: skip
PAIRED = REGIONS.index("pair before")
_FEW_WORDS = 4
NEGATOR = "negator"
_JOINS = ("join", "comma")
_MAX_JOINS = 2
# Classes of words that tell of a relation: where its head stands first, and where its tail does.
_CUES = {
    HAS_SYMPTOM: (("cause", "list", "have"), ("turned", "list")),
    AFFECTS: (("affect", "site"), ("affect",)),
    LOCATED_IN: (("site", "affect"), ("link",)),
}


@cache
def word_classes() -> tuple[str, ...]:
    """Names of the classes of words that count, in the order of the features."""
    return tuple(load_toml("relations.toml")["classes"])


@cache
def feature_names() -> tuple[str, ...]:
    """Name of every feature of a pair, in order."""
    classes = word_classes()
    return (
        *_PLAIN,
        *(f"{name} between" for name in classes),
        *(f"{name} before" for name in classes),
        *(f"{name} after" for name in classes),
        *(f"{name} in the heading" for name in classes),
        *(f"{name} in the lead" for name in classes),
    )


@cache
def _denials() -> list[int]:
    """Which features count words of denial."""
    return [n for n, name in enumerate(feature_names()) if name.startswith(NEGATOR)]


_PLAIN = (
    "head first", "tokens apart", "tokens between the lists", "place in the head's list",
    "place in the tail's list", "sentences apart", "blocks apart", "same sentence", "same block",
    "same section", "tail in head", "head in a heading", "tail in another mention",
    "conditions between", "symptoms between", "body parts between",
    "head is the section's topic", "head is the article's topic", "section has a topic",
    "section's topic is the article's", "head is first in its sentence",
    "tail is first in its sentence", "conditions in the tail's sentence",
    "conditions in the section", "symptoms in the tail's sentence",
    "body parts in the tail's sentence", "sentence of the section", "tokens of the head",
    "tokens of the tail", "head has a concept", "tail has a concept", "head hedged", "tail hedged",
    "head of another", "tail of another", "nearest of the section", "nearest before the tail",
    "candidates", "candidates in the sentence", "head is the sentence's first condition",
    "conditions in the head's sentence", "topic in the tail's sentence",
    "topic in the head's sentence", "article's topic in the tail's sentence",
    "tail in the lead's list", "head in the lead", "class word in the head",
    "indefinite word before the head",
    *(f"head {kind.lower()}" for kind in _BLOCKS), *(f"tail {kind.lower()}" for kind in _BLOCKS),
    *(f"head {role}" for role in _ROLES), *(f"tail {role}" for role in _ROLES),
)  # fmt: skip


@dataclass(slots=True)
class Items:
    """The mentions of a Doc as columns, in reading order.

    Attributes
    ----------
    key
        Number of the concept, or of the text where there is none; the same for the same thing.
    label
        Place in ``ENTITY_TYPES``.
    negated
        Whether a condition or symptom is negated, or a body part in the scope of a denial.
    """

    ids: list[str]
    start: Ints
    end: Ints
    label: Ints
    key: Ints
    sentence: Ints
    block: Ints
    section: Ints
    kind: Ints
    role: Ints
    linked: Flags
    negated: Flags
    uncertain: Flags
    other: Flags

    def __len__(self) -> int:
        return len(self.ids)

    def of(self, label: EntityType) -> Ints:
        """Which mentions are of a type."""
        return np.flatnonzero(self.label == ENTITY_TYPES.index(label))


@dataclass(slots=True)
class Lists:
    """The list that each mention is in ("fever, cough and a rash").

    Attributes
    ----------
    start, end
        Its tokens, half-open.
    place
        How many mentions of it stand before.
    """

    start: Ints
    end: Ints
    place: Ints


@dataclass(slots=True)
class Pairs:
    """Possible relations of one type: rows of ``head`` and ``tail`` number the items.

    Attributes
    ----------
    features
        Shape ``(n, len(feature_names()))``.
    regions
        Tokens of each of :data:`REGIONS`, half-open, shape ``(n, len(REGIONS), 2)``.
    """

    head: Ints
    tail: Ints
    features: Floats
    regions: Ints

    def __len__(self) -> int:
        return len(self.head)


@dataclass(slots=True)
class _Around:
    """Tokens of and around each pair; ``left`` and ``right`` bound what lies between the two."""

    head_first: Flags
    same_sentence: Flags
    left: Ints
    right: Ints
    begin: Ints
    end: Ints
    between_from: Ints
    between_to: Ints
    first: Ints
    last: Ints
    tail_start: Ints
    tail_end: Ints
    head_start: Ints
    head_end: Ints
    n_tokens: int

    def regions(self) -> Ints:
        """Stretches of :data:`REGIONS`, shape ``(n, len(REGIONS), 2)``."""
        start, end, zero = self.tail_start, self.tail_end, np.zeros_like(self.begin)
        forward = self.same_sentence & self.head_first
        backward = self.same_sentence & ~self.head_first
        ways = forward, backward, ~self.same_sentence
        first, last = self.between_from, self.between_to
        stretches = [
            *((np.where(way, first, zero), np.where(way, last, zero)) for way in ways),
            (np.maximum(start - 1, self.begin), start),
            (np.maximum(start - _FEW_WORDS, self.begin), start),
            (end, np.minimum(end + 1, self.end)),
            (end, np.minimum(end + _FEW_WORDS, self.end)),
            (end, np.maximum(end, self.end)),
            (start, end),
            (self.head_start, self.head_end),
            (np.maximum(self.head_start - 1, 0), self.head_start),
            (self.head_end, np.minimum(self.head_end + 2, self.n_tokens)),
            # The pair of words that ends before the tail is known by the place of its second.
            (np.maximum(start - 1, self.begin), start),
        ]
        return np.stack([np.stack(pair, axis=1) for pair in stretches], axis=1)


class PairReader:
    """Reads the pairs of Docs."""

    def __init__(self) -> None:
        classes = load_toml("relations.toml")["classes"]
        self._bits: dict[str, int] = {}
        for number, words in enumerate(classes.values()):
            for word in words:
                folded = fold_word(word)
                self._bits[folded] = self._bits.get(folded, 0) | 1 << number
        self._lexemes = LexemeTable(self._describe, {"bits": np.uint32, "row": np.uint16})

    def _describe(self, words: list[str]) -> tuple[list[int], list[int]]:
        folded = [fold_word(word) for word in words]
        return (
            [self._bits.get(word, 0) for word in folded],
            [zlib.crc32(word.encode("utf-8", "surrogatepass")) % N_WORDS for word in folded],
        )

    def __call__(self, doc: Doc) -> Reading | None:
        """What a Doc's mentions and words say of all pairs; None where it has no two mentions."""
        mentions = doc.spans.get(attributes.MENTIONS, ())
        if len(mentions) < 2:
            return None
        words = self._lexemes.gather(doc)
        return Reading(doc, words["bits"], words["row"])


class Reading:
    """One Doc as columns: its mentions, layout and words."""

    def __init__(self, doc: Doc, bits: NDArray[np.uint32], rows: NDArray[np.uint16]) -> None:
        self.words: Ints = rows.astype(np.int64)
        self._bits = bits
        self.starts = np.array(sentence_starts(doc))
        blocks = list(doc.spans.get(attributes.BLOCKS, ()))
        sections = list(doc.spans.get(attributes.SECTIONS, ()))
        self._block_starts = np.array([b.start for b in blocks] or [0])
        self._block_kinds = np.array([_BLOCKS.index(b.label_) for b in blocks] or [1])
        self._section_starts = np.array([s.start for s in sections] or [0])
        self._n_tokens = len(doc)
        n_classes = len(word_classes())
        spread = (bits[:, None] >> np.arange(n_classes, dtype=np.uint32)) & 1
        self._counts = np.zeros((len(doc) + 1, n_classes), dtype=np.int32)
        np.cumsum(spread, axis=0, out=self._counts[1:])
        self.items = self._read(doc)
        self._read_topics(doc, sections)
        self._seen = np.zeros((len(doc) + 1, len(ENTITY_TYPES)), dtype=np.int32)
        np.add.at(self._seen, (self.items.start + 1, self.items.label), 1)
        np.cumsum(self._seen, axis=0, out=self._seen)

    def _read(self, doc: Doc) -> Items:
        mentions = list(doc.spans[attributes.MENTIONS])
        rows = [
            attributes.values(
                m, "concepts", "role", "negated", "uncertain", "experiencer", "denied"
            )
            for m in mentions
        ]
        keys: dict[str, int] = {}
        key = [
            keys.setdefault(row[0][0][0] if row[0] else m.text.lower(), len(keys))
            for m, row in zip(mentions, rows, strict=True)
        ]
        start = np.array([m.start for m in mentions])
        block = np.searchsorted(self._block_starts, start, side="right") - 1
        return Items(
            ids=[m.id_ for m in mentions],
            start=start,
            end=np.array([m.end for m in mentions]),
            label=np.array([ENTITY_TYPES.index(m.label_) for m in mentions]),  # type: ignore[arg-type]
            key=np.array(key),
            sentence=np.searchsorted(self.starts, start, side="right") - 1,
            block=block,
            section=np.searchsorted(self._section_starts, start, side="right") - 1,
            kind=self._block_kinds[block.clip(0)],
            role=np.array([_ROLES.index(row[1]) if row[1] in _ROLES else -1 for row in rows]),
            linked=np.array([bool(row[0]) for row in rows]),
            negated=np.array([row[2] or row[5] for row in rows], dtype=bool),
            uncertain=np.array([row[3] for row in rows], dtype=bool),
            other=np.array([row[4] == "other" for row in rows]),
        )

    def _read_topics(self, doc: Doc, sections: list[Any]) -> None:
        """Keys of the sections' topics and of the article's, -1 where there is none."""
        place = {identifier: n for n, identifier in enumerate(self.items.ids)}
        topics = [place.get(attributes.values(s, "topic")[0], -1) for s in sections] or [-1]
        article = place.get(doc._.topic, -1)
        self.topic_keys = np.array([self.items.key[t] if t >= 0 else -1 for t in topics])
        self.article_key = int(self.items.key[article]) if article >= 0 else -1

    def pairs(self, kind: str) -> Pairs:
        """All pairs of mentions that a relation of a type may hold between."""
        head, tail = _CANDIDATES[kind](self)
        if not len(head):
            empty = np.zeros((0, len(REGIONS), 2), dtype=np.int64)
            none = np.zeros((0, len(feature_names())), dtype=np.float32)
            return Pairs(head, tail, none, empty)
        around = self._around(head, tail)
        features = self._features(head, tail, around)
        if kind == AFFECTS:
            # What is denied shall look like what is affirmed: it is told, as denied.
            features[:, _denials()] = 0
        return Pairs(head, tail, features, around.regions())

    @cached_property
    def _lists(self) -> Lists:
        items = self.items
        lists = Lists(items.start.copy(), items.end.copy(), np.zeros(len(items), dtype=np.int64))
        joins = [word_classes().index(name) for name in _JOINS]
        joining = self._counts[:, joins].sum(axis=1)
        members: list[list[int]] = []
        last: dict[int, list[int]] = {}
        for item in np.flatnonzero(~self._nested()).tolist():
            label = int(items.label[item])
            chain = last.get(label)
            if chain is not None and self._joined(chain[-1], item, joining):
                chain.append(item)
            else:
                last[label] = [item]
                members.append(last[label])
        for chain in members:
            lists.start[chain] = items.start[chain[0]]
            lists.end[chain] = items.end[chain[-1]]
            lists.place[chain] = np.arange(len(chain))
        return lists

    def _joined(self, one: int, other: int, joining: NDArray[np.int32]) -> bool:
        """Tell whether only commas and words that join stand between two mentions."""
        start, end = int(self.items.end[one]), int(self.items.start[other])
        few = 0 < end - start <= _MAX_JOINS
        same = self.items.sentence[one] == self.items.sentence[other]
        return bool(few and same and joining[end] - joining[start] == end - start)

    def sentence_of(self, item: int) -> tuple[int, int]:
        """Tokens of the sentence that holds a mention."""
        number = int(self.items.sentence[item])
        after = number + 1
        end = int(self.starts[after]) if after < len(self.starts) else self._n_tokens
        return int(self.starts[number]), end

    def lead_of(self, item: int) -> tuple[int, int]:
        """Tokens of the block that leads into the list that a mention is in; empty where none."""
        lead = int(self._leads[max(int(self.items.block[item]), 0)])
        if lead < 0:
            return 0, 0
        return int(self._block_starts[lead]), int(self._block_end(np.array([lead]))[0])

    def route(self, head: int, tail: int, cue: int | None) -> tuple[str, str]:
        """Scope of a pair, and the rule by which its head is the tail's; ``cue`` as found."""
        items = self.items
        if items.sentence[head] == items.sentence[tail]:
            return "sentence", self._sentence_rule(head, tail, cue)
        section = int(items.section[tail])
        scope = "section" if items.section[head] == section else "document"
        lead = self.lead_of(tail)
        if lead[0] <= items.start[head] < lead[1]:
            return scope, "list"
        if items.key[head] == self.topic_keys[section]:
            return scope, "topic"
        return scope, "article_topic" if items.key[head] == self.article_key else "nearby"

    def _sentence_rule(self, head: int, tail: int, cue: int | None) -> str:
        items = self.items
        if items.start[head] <= items.start[tail] and items.end[tail] <= items.end[head]:
            return "nested"
        if cue is None:
            return "beside"
        return "cue" if items.start[head] < items.start[tail] else "turned_cue"

    def cue(self, kind: str, head: int, tail: int) -> int | None:
        """The word between the two, or before the tail, that tells of a relation of the type.

        The one nearest to what stands second.
        """
        items = self.items
        if items.sentence[head] != items.sentence[tail]:
            start, end = int(self.starts[items.sentence[tail]]), int(items.start[tail])
            classes = _CUES[kind][0]
        elif items.start[head] < items.start[tail]:
            start, end = int(items.end[head]), int(items.start[tail])
            classes = _CUES[kind][0]
        else:
            start, end = int(items.end[tail]), int(items.start[head])
            classes = _CUES[kind][1]
        mask = sum(1 << word_classes().index(name) for name in classes)
        told = np.flatnonzero(self._bits[start:end] & np.uint32(mask))
        return start + int(told[-1]) if len(told) else None

    def hung_on_conditions(self, tails: Ints) -> tuple[Ints, Ints]:
        """Each tail with the nearest mention of each condition it may hang on."""
        items = self.items
        conditions = items.of("CONDITION")
        found: list[tuple[int, int]] = []
        for section in np.unique(items.section[tails]).tolist():
            topics = {int(self.topic_keys[section]), self.article_key}
            wanted = items.section[conditions] == section
            wanted |= np.isin(items.key[conditions], list(topics))
            near = conditions[wanted]
            here = tails[items.section[tails] == section]
            at_once = max(_MAX_CELLS // max(len(near), 1), 1)
            for start in range(0, len(here) if len(near) else 0, at_once):
                found += self._heads_of(here[start : start + at_once], near, topics)
        # As in the text, tail by tail.
        found.sort(key=lambda pair: pair[1])
        pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _heads_of(self, tails: Ints, near: Ints, topics: set[int]) -> list[tuple[int, int]]:
        """Tails of one section with their heads among some conditions."""
        items = self.items
        start, end = items.start[near], items.end[near]
        gap = np.maximum(start - items.end[tails][:, None], items.start[tails][:, None] - end)
        # A mention of another section is a last resort, one of the same sentence comes first.
        other = items.sentence[near] != items.sentence[tails][:, None]
        elsewhere = items.section[near] != items.section[tails][:, None]
        order = np.argsort(gap + (other << _LATER) + (elsewhere << 2 * _LATER), kind="stable")
        keys = items.key[near][order].tolist()
        places = near[order].tolist()
        found: list[tuple[int, int]] = []
        for tail, own, tail_keys, tail_places in zip(
            tails.tolist(), items.key[tails].tolist(), keys, places, strict=True
        ):
            heads: dict[int, int] = {}
            for key, place in zip(tail_keys, tail_places, strict=True):
                if key != own and (len(heads) < _MAX_HEADS or key in topics):
                    heads.setdefault(key, place)
            found += [(head, tail) for head in heads.values()]
        return found

    def with_sites(self) -> tuple[Ints, Ints]:
        """Each symptom with the body parts of its sentence and of the one before."""
        items = self.items
        symptoms = items.of("SYMPTOM")
        parts = items.of("BODY_PART")
        sentence = items.sentence[symptoms]
        first = np.searchsorted(items.sentence[parts], sentence - _MAX_SITE_SENTENCES)
        number = np.searchsorted(items.sentence[parts], sentence, side="right") - first
        row = np.repeat(np.arange(len(symptoms)), number)
        column = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number) + first[row]
        heads, tails = symptoms[row], parts[column]
        same = items.section[heads] == items.section[tails]
        return heads[same], tails[same]

    def _nested(self) -> Flags:
        """Whether each mention lies in another one."""
        items = self.items
        reach = np.maximum.accumulate(np.concatenate([[0], items.end[:-1]]))
        return items.end <= reach

    def _around(self, head: Ints, tail: Ints) -> _Around:
        items = self.items
        head_first = items.start[head] < items.start[tail]
        same = items.sentence[head] == items.sentence[tail]
        left = np.where(head_first, items.end[head], items.end[tail])
        right = np.where(head_first, items.start[tail], items.start[head])
        sentence = items.sentence[tail]
        begin = self.starts[sentence]
        # Of lists ("fever, cough and a rash") what stands between the two lists tells.
        lists = self._lists
        apart = np.where(head_first, lists.end[head], lists.end[tail])
        until = np.where(head_first, lists.start[tail], lists.start[head])
        # Where the two are in different sentences, the words of the tail's own count.
        return _Around(
            head_first=head_first,
            same_sentence=same,
            left=left,
            right=np.maximum(left, right),
            begin=begin,
            end=np.append(self.starts[1:], self._n_tokens)[sentence],
            between_from=np.where(same, apart, begin),
            between_to=np.where(same, np.maximum(apart, until), lists.start[tail]),
            first=np.where(same, np.minimum(items.start[head], items.start[tail]), begin),
            last=np.maximum(np.where(same, items.end[head], 0), items.end[tail]),
            tail_start=items.start[tail],
            tail_end=items.end[tail],
            head_start=items.start[head],
            head_end=items.end[head],
            n_tokens=self._n_tokens,
        )

    def _features(self, head: Ints, tail: Ints, around: _Around) -> Floats:
        items = self.items
        left, right = around.left, around.right
        inside = (items.start[tail] >= items.start[head]) & (items.end[tail] <= items.end[head])
        block, section = items.block[tail].clip(0), items.section[tail].clip(0)
        lead = self._leads[block]
        topic = self.topic_keys[section]
        plain = [
            around.head_first, np.clip(right - left, 0, _FAR_TOKENS),
            np.clip(around.between_to - around.between_from, 0, _FAR_TOKENS),
            np.clip(self._lists.place[head], 0, _MANY), np.clip(self._lists.place[tail], 0, _MANY),
            np.clip(items.sentence[tail] - items.sentence[head], -_FAR_SENTENCES, _FAR_SENTENCES),
            np.clip(items.block[tail] - items.block[head], -_FAR_BLOCKS, _FAR_BLOCKS),
            around.same_sentence, items.block[head] == items.block[tail],
            items.section[head] == items.section[tail], inside, items.kind[head] == 0,
            self._nested()[tail],
            *(np.clip(self._seen[right] - self._seen[left], 0, _MANY).T),
            items.key[head] == topic, items.key[head] == self.article_key, topic >= 0,
            topic == self.article_key,
            items.start[head] - self.starts[items.sentence[head]] <= 2,
            items.start[tail] - around.begin <= 1,
            *(np.clip(n, 0, _MANY) for n in self._numbers(tail, around)),
            items.end[head] - items.start[head], items.end[tail] - items.start[tail],
            items.linked[head], items.linked[tail], items.uncertain[head], items.uncertain[tail],
            items.other[head], items.other[tail], *self._ranks(head, tail, around),
            *self._company(head, tail, topic),
            lead >= 0, (lead >= 0) & (items.block[head] == lead),
            self._words(items.start[head], items.end[head])[:, word_classes().index("generic")],
            self._words((items.start[head] - 1).clip(0), items.start[head])[
                :, word_classes().index("indefinite")
            ],
            *((items.kind[head] == n) for n in range(len(_BLOCKS))),
            *((items.kind[tail] == n) for n in range(len(_BLOCKS))),
            *((items.role[head] == n) for n in range(len(_ROLES))),
            *((items.role[tail] == n) for n in range(len(_ROLES))),
        ]  # fmt: skip
        columns = np.stack([np.asarray(column, dtype=np.float32) for column in plain], axis=1)
        words = self._words_around(around, section, lead)
        return np.concatenate([columns, *(w.astype(np.float32) for w in words)], axis=1)

    def _words_around(
        self, around: _Around, section: Ints, lead: Ints
    ) -> tuple[NDArray[np.int32], ...]:
        """Words of each class between, before and after, in the heading and in the list's lead."""
        opening = np.searchsorted(self._block_starts, self._section_starts, side="right") - 1
        heading = opening.clip(0)[section]
        headed = self._block_kinds[heading] == _BLOCKS.index("HEADING")
        return (
            self._words(around.between_from, around.between_to),
            self._words(around.begin, around.first),
            self._words(around.last, around.end),
            self._words(self._block_starts[heading], self._block_end(heading)) * headed[:, None],
            self._words(self._block_starts[lead.clip(0)], self._block_end(lead))
            * (lead >= 0)[:, None],
        )

    def _words(self, start: Ints, end: Ints) -> NDArray[np.int32]:
        """How many words of each class there are between tokens, a few at most."""
        counts: NDArray[np.int32] = self._counts[np.maximum(start, end)] - self._counts[start]
        return np.clip(counts, 0, _MAX_WORDS)

    def _block_end(self, block: Ints) -> Ints:
        ends: Ints = np.append(self._block_starts[1:], self._n_tokens)[block.clip(0)]
        return ends

    @cached_property
    def _leads(self) -> Ints:
        """Of each block the one that leads into the list it is an item of, -1 for other blocks."""
        leads = np.full(len(self._block_kinds), -1)
        for block, kind in enumerate(self._block_kinds.tolist()):
            if block and kind in _LISTED:
                before = leads[block - 1]
                leads[block] = before if before >= 0 else block - 1
        return leads

    def _numbers(self, tail: Ints, around: _Around) -> list[Ints]:
        """Mentions around the tail: by type in its sentence, conditions in its section."""
        items = self.items
        seen = self._seen[around.end] - self._seen[around.begin]
        section = items.section[tail]
        bounds = np.append(self._section_starts, self._n_tokens)
        in_section = self._seen[bounds[section + 1]] - self._seen[bounds[section]]
        ordinal = items.sentence[tail] - (
            np.searchsorted(self.starts, self._section_starts[section], side="right") - 1
        )
        return [seen[:, 0], in_section[:, 0], seen[:, 1], seen[:, 2], ordinal]

    def _company(self, head: Ints, tail: Ints, topic: Ints) -> list[NDArray[Any]]:
        """Conditions beside the head, and whether the topics are named where head and tail are."""
        items = self.items
        conditions = items.of("CONDITION")
        n_sentences = len(self.starts)
        first = np.full(n_sentences, self._n_tokens)
        np.minimum.at(first, items.sentence[conditions], items.start[conditions])
        number = np.bincount(items.sentence[conditions], minlength=n_sentences)
        named = set(
            zip(items.sentence[conditions].tolist(), items.key[conditions].tolist(), strict=True)
        )

        def names(sentences: Ints, keys: Ints) -> Flags:
            asked = zip(sentences.tolist(), keys.tolist(), strict=True)
            return np.array([pair in named for pair in asked], dtype=bool)

        article = np.full(len(tail), self.article_key)
        return [
            items.start[head] == first[items.sentence[head]],
            np.clip(number[items.sentence[head]], 0, _MANY),
            names(items.sentence[tail], topic), names(items.sentence[head], topic),
            names(items.sentence[tail], article),
        ]  # fmt: skip

    def _ranks(self, head: Ints, tail: Ints, around: _Around) -> list[NDArray[Any]]:
        """Whether a head is the nearest of its tail's, the nearest before it, and of how many."""
        items = self.items
        gap = around.right - around.left
        gap = gap + self._n_tokens * (items.section[head] != items.section[tail])
        before = np.where(around.head_first, gap, 1 << 40)
        n = len(items)
        nearest, nearest_before = (np.full(n, 1 << 41) for _ in range(2))
        np.minimum.at(nearest, tail, gap)
        np.minimum.at(nearest_before, tail, before)
        total = np.bincount(tail, minlength=n)
        here = np.bincount(tail[items.sentence[head] == items.sentence[tail]], minlength=n)
        return [
            gap == nearest[tail], around.head_first & (before == nearest_before[tail]),
            np.clip(total[tail], 0, _MANY), np.clip(here[tail], 0, _MANY),
        ]  # fmt: skip


def _symptom_pairs(reading: Reading) -> tuple[Ints, Ints]:
    return reading.hung_on_conditions(reading.items.of("SYMPTOM"))


def _part_pairs(reading: Reading) -> tuple[Ints, Ints]:
    return reading.hung_on_conditions(reading.items.of("BODY_PART"))


_CANDIDATES = {
    HAS_SYMPTOM: _symptom_pairs,
    AFFECTS: _part_pairs,
    LOCATED_IN: Reading.with_sites,
}
