"""Turn candidates into mentions: settle types and overlaps as the annotation scheme says.

Conditions and symptoms never overlap each other; the longest candidate wins. Body parts stand free
or nested in a symptom; nothing is nested in a condition.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.components import attributes
from pipeline.components.attributes import BODY_PART, CONDITION, SYMPTOM
from pipeline.components.candidates import (
    Candidate,
    is_within,
    reading_order,
    write_mentions,
)
from pipeline.components.lexemes import LexemeTable, sentence_starts
from pipeline.components.sections import HEADING
from pipeline.data import load_toml
from pipeline.terminology.normalise import fold_word, normalise

# How much a source is trusted, until scores are calibrated on annotated pages.
_GAZETTEER_SCORE = 0.9
_ABBREVIATION_SCORE = 0.9
# What a word says about the mentions around it, a bit each.
_SYMPTOM_CUE, _CONDITION_CUE, _NOT_BODY, _JOINS, _MEASURED, _TREATS = 1, 2, 4, 8, 16, 32
_OF = frozenset(("of", "the", "a", "an"))
_JOINERS = frozenset((",", "and", "or", "/", "&", "and/or"))


class _Choice(NamedTuple):
    """Candidates for the same tokens, the most trusted first."""

    best: Candidate
    options: list[Candidate]

    def of(self, label: str) -> Candidate | None:
        """The most trusted candidate of a type, if there is one."""
        return next((c for c in self.options if c.label == label), None)


class Resolver:
    """Write the mentions to ``doc.spans["sc"]`` and, without overlaps, to ``doc.ents``."""

    def __init__(self) -> None:
        use = load_toml("use.toml")
        words = load_toml("grammar.toml")["words"]
        self._topic_nouns = frozenset(map(fold_word, use["topic_nouns"]))
        self._findings = frozenset(map(normalise, use["findings"]))
        self._flags: dict[str, int] = {}
        for flag, listed in (
            (_SYMPTOM_CUE, use["symptom_cues"]),
            (_CONDITION_CUE, use["condition_cues"]),
            (_NOT_BODY, words["not_body"]),
            (_MEASURED, words["measured_after"]),
            (_TREATS, use["treatment_after"]),
        ):
            for word in map(fold_word, listed):
                self._flags[word] = self._flags.get(word, 0) | flag
        self._rule_scores = {
            r["name"]: float(r["score"]) for r in load_toml("grammar.toml")["rule"]
        }
        self._lexemes = LexemeTable(self._describe, {"flags": np.uint8})

    def _describe(self, words: list[str]) -> tuple[list[int]]:
        flags = self._flags
        return ([flags.get(fold_word(w), 0) | _JOINS * (w in _JOINERS) for w in words],)

    def __call__(self, doc: Doc) -> Doc:
        """Resolve one Doc."""
        candidates = _with_abbreviations(doc, self._candidates(doc))
        flags: list[int] = self._lexemes.gather(doc)["flags"].tolist() if candidates else []
        main = _longest(c for c in candidates if c.label != BODY_PART)
        settled = _without_treatments(flags, self._settle_types(doc, flags, main))
        parts = _longest(c for c in candidates if c.label == BODY_PART)
        nested = _body_parts(flags, settled, [choice.best for choice in parts])
        write_mentions(doc, sorted([*settled, *nested], key=reading_order))
        return doc

    def _candidates(self, doc: Doc) -> list[Candidate]:
        found = [
            Candidate(s.start, s.end, s.label_, "gazetteer", _GAZETTEER_SCORE, s.kb_id_)
            for s in doc.spans.get(attributes.GAZETTEER, ())
        ]
        found += [
            Candidate(s.start, s.end, s.label_, "patterns", self._rule_scores[s.id_])
            for s in doc.spans.get(attributes.PATTERNS, ())
        ]
        return found

    def _settle_types(self, doc: Doc, flags: list[int], main: list[_Choice]) -> list[Candidate]:
        """One type for each stretch, by its use in the sentence (scheme, 2)."""
        topics = self._topic_names(doc, main)
        starts = sentence_starts(doc)
        settled: list[Candidate] = []
        for choice in main:
            before = settled[-1] if settled else None
            sentence = starts[bisect_right(starts, choice.best.start) - 1]
            settled.append(self._settle(doc, flags, sentence, choice, before, topics))
        return settled

    def _settle(
        self,
        doc: Doc,
        flags: list[int],
        sentence: int,
        choice: _Choice,
        before: Candidate | None,
        topics: set[tuple[str, ...]],
    ) -> Candidate:
        """The candidate of one stretch, given where its sentence begins and what stands before."""
        best, condition, symptom = choice.best, choice.of(CONDITION), choice.of(SYMPTOM)
        if topics and _is_topic(doc, best, topics):
            return condition or best._replace(label=CONDITION)
        if condition and symptom:
            finding = normalise(doc[best.start : best.end].text) in self._findings
            used = _used_as_symptom(doc, flags, sentence, best, before, finding)
            return symptom if used else condition
        if condition and _is_complication(doc, flags, sentence, best, before):
            return best._replace(label=SYMPTOM)
        return best

    def _topic_names(self, doc: Doc, main: list[_Choice]) -> set[tuple[str, ...]]:
        """Folded names that a heading presents as its subject: "X", "What is X?", "X problems".

        Alone in a heading, a finding may still be a mere finding ("Fatigue"); so a name must be in
        a question, or open the article, or be a class of conditions.
        """
        topics = set()
        starts = [choice.best.start for choice in main]
        for number, heading in enumerate(doc.spans.get(attributes.BLOCKS, ())):
            if heading.label_ != HEADING:
                continue
            low = bisect_left(starts, heading.start)
            if bisect_left(starts, heading.end) - low != 1:
                continue
            name = main[low].best
            words = [t.i for t in heading if not (t.is_punct or t.is_space)]
            alone = words == list(range(name.start, name.end))
            noun = fold_word(doc[name.end - 1].text) in self._topic_nouns
            if heading[-1].text == "?" or (alone and (number == 0 or noun)):
                topics.add(normalise(doc[name.start : name.end].text))
        return topics - {()}


def _is_topic(doc: Doc, candidate: Candidate, topics: set[tuple[str, ...]]) -> bool:
    """Tell whether a candidate has the name of a topic; the last words are compared first."""
    last = fold_word(doc[candidate.end - 1].text)
    if not any(topic[-1] == last for topic in topics):
        return False
    return normalise(doc[candidate.start : candidate.end].text) in topics


def _used_as_symptom(
    doc: Doc,
    flags: list[int],
    sentence: int,
    candidate: Candidate,
    before: Candidate | None,
    finding: bool,
) -> bool:
    """Tell whether a name that is both is presented as a manifestation of something.

    In a list it goes with the item before it; else the nearest cue before it in the sentence
    decides; without any, it is what the name mostly is. What a symptom is *of*, and what a
    sentence begins by defining, is a condition.
    """
    if before and _joined(doc, flags, before.end, candidate.start):
        return before.label == SYMPTOM
    cue = _nearest_cue(flags, sentence, candidate.start)
    if cue is not None:
        between = doc[cue + 1 : candidate.start]
        is_of = 0 < len(between) <= 3 and all(t.lower_ in _OF for t in between)
        return bool(flags[cue] & _SYMPTOM_CUE) and not is_of
    following = doc[candidate.end].lower_ if candidate.end < len(doc) else ""
    return finding and not (candidate.start == sentence and following in ("is", "are"))


def _is_complication(
    doc: Doc, flags: list[int], sentence: int, candidate: Candidate, before: Candidate | None
) -> bool:
    """Tell whether a disease is told as part of another's picture (scheme, 2).

    So it is where it stands in a table of findings with their share of patients ("Gout 33%"), or
    continues a list of symptoms that words announce as such.
    """
    after = doc[candidate.end : candidate.end + 2]
    if len(after) == 2 and after[0].is_digit and after[1].text == "%":
        return True
    if (
        not before
        or before.label != SYMPTOM
        or not _joined(doc, flags, before.end, candidate.start)
    ):
        return False
    cue = _nearest_cue(flags, sentence, candidate.start)
    return cue is not None and bool(flags[cue] & _SYMPTOM_CUE)


def _without_treatments(flags: list[int], settled: list[Candidate]) -> list[Candidate]:
    """Leave out symptoms that are part of a treatment's name ("pain relievers")."""
    last = len(flags)
    return [c for c in settled if c.label != SYMPTOM or c.end == last or not flags[c.end] & _TREATS]


def _nearest_cue(flags: list[int], sentence: int, start: int) -> int | None:
    """The last word before a mention in its sentence that says how a name is used."""
    for token in range(start - 1, sentence - 1, -1):
        if flags[token] & (_SYMPTOM_CUE | _CONDITION_CUE):
            return token
    return None


def _joined(doc: Doc, flags: list[int], left: int, right: int) -> bool:
    """Tell whether a mention continues a list or glosses the one before it in brackets."""
    if right == left + 1 and doc[left].text == "(":
        return True
    return left < right <= left + 3 and all(flags[t] & _JOINS for t in range(left, right))


def _body_parts(flags: list[int], main: list[Candidate], parts: list[Candidate]) -> list[Candidate]:
    """Body parts that stand free or within a symptom, and are no part of another thing's name."""
    kept = []
    position = 0
    for part in parts:
        while position < len(main) and main[position].end <= part.start:
            position += 1
        following = flags[part.end] if part.end < len(flags) else 0
        if following & _MEASURED:
            continue
        above = main[position] if position < len(main) else None
        if above is None or above.start >= part.end:
            if not following & _NOT_BODY:
                kept.append(part)
        elif above.label == SYMPTOM and is_within(part, above):
            kept.append(part)
    return kept


def _longest(candidates: Iterable[Candidate]) -> list[_Choice]:
    """Non-overlapping stretches in reading order, longest first, then the most trusted."""
    taken: dict[int, _Choice] = {}
    choices: list[_Choice] = []
    for candidate in sorted(candidates, key=_preference):
        tokens = range(candidate.start, candidate.end)
        owner = taken.get(candidate.start)
        if owner is not None:
            best = owner.best
            if best.start == candidate.start and best.end == candidate.end:
                owner.options.append(candidate)
        elif not any(token in taken for token in tokens):
            choice = _Choice(candidate, [candidate])
            choices.append(choice)
            taken.update(dict.fromkeys(tokens, choice))
    choices.sort(key=_choice_start)
    return choices


def _preference(candidate: Candidate) -> tuple[int, float, int, str]:
    return candidate.start - candidate.end, -candidate.score, candidate.start, candidate.label


def _choice_start(choice: _Choice) -> int:
    return choice.best.start


def _with_abbreviations(doc: Doc, candidates: list[Candidate]) -> list[Candidate]:
    """Add the occurrences of each abbreviation whose long form is a candidate.

    What the document expands itself goes before anything the terminology says of the letters.
    """
    records = doc._.abbreviations
    if not records:
        return candidates
    by_end: dict[int, list[Candidate]] = {record["long_end"]: [] for record in records}
    for candidate in candidates:
        if candidate.end in by_end:
            by_end[candidate.end].append(candidate)
    added: list[Candidate] = []
    settled: set[tuple[int, int]] = set()
    for record in records:
        short = (record["short_start"], record["short_end"])
        for long_form in by_end[record["long_end"]]:
            if long_form.start <= record["long_start"] + 1:
                label, curie = long_form.label, long_form.curie
                added.append(Candidate(*short, label, "abbreviations", _ABBREVIATION_SCORE, curie))
                settled.add(short)
    return [c for c in candidates if (c.start, c.end) not in settled] + added


@Language.factory(
    "symptograph_resolver",
    requires=["doc.spans", "doc.sents"],
    assigns=["doc.spans", "doc.ents", "span._.source", "span._.score"],
)
def make_resolver(nlp: Language, name: str) -> Resolver:
    """Make the component that settles types and overlaps."""
    attributes.register()
    return Resolver()
