"""Pair predicted with gold annotations, each at most once, so that the pairing is the best one.

Pairing is optimal (the assignment problem, solved with SciPy), not first come first served, so
the scores depend neither on the order of the annotations nor on overlapping neighbours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from pipeline.evaluation.documents import AnnotatedDocument, Mention, RelationLink

Mode = Literal["strict", "exact", "partial", "type"]
T = TypeVar("T")
Group = tuple[list[Mention], list[Mention]]
MODES: tuple[Mode, ...] = ("strict", "exact", "partial", "type")


@dataclass(frozen=True, slots=True)
class Pair:
    """Gold and prediction that were matched, with the credit for it (1, or 0.5 for a part)."""

    gold: Mention
    predicted: Mention
    credit: float


def match_mentions(gold: Sequence[Mention], predicted: Sequence[Mention], mode: Mode) -> list[Pair]:
    """Pair mentions under one of the measures of SemEval-2013 Task 9.1.

    ``strict``: same boundaries and type. ``exact``: same boundaries. ``partial``: overlap, half
    credit where the boundaries differ. ``type``: overlap and same type.

    Returns
    -------
    list[Pair]
        Every gold and every predicted mention at most once, in reading order of the gold.
    """
    groups = overlapping_groups(gold, predicted)
    return [pair for group in groups for pair in _assign(*group, mode)]


def matched_credit(groups: Sequence[Group], mode: Mode) -> float:
    """Sum of the credits of the best pairing, for groups that do not overlap each other."""
    return sum(pair.credit for group in groups for pair in _assign(*group, mode))


def overlapping_groups(gold: Sequence[Mention], predicted: Sequence[Mention]) -> list[Group]:
    """Stretches of mentions that overlap each other; pairs lie within one of them."""
    events = [
        (m.start, -m.end, side, m) for side, group in enumerate((gold, predicted)) for m in group
    ]
    events.sort(key=_event_order)
    groups: list[Group] = []
    reach = -1
    for start, _, side, mention in events:
        if start >= reach:
            groups.append(([], []))
        groups[-1][side].append(mention)
        reach = max(reach, mention.end)
    return [group for group in groups if group[0] and group[1]]


def _event_order(event: tuple[int, int, int, Mention]) -> tuple[int, int, int, str]:
    return event[0], event[1], event[2], event[3].label


def _assign(gold: list[Mention], predicted: list[Mention], mode: Mode) -> list[Pair]:
    if len(gold) == 1 and len(predicted) == 1:
        value = credit(gold[0], predicted[0], mode)
        return [Pair(gold[0], predicted[0], value)] if value else []
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    credits = np.array([[credit(g, p, mode) for p in predicted] for g in gold])
    # Among equally good pairings prefer same boundaries, then same type: more telling pairs.
    closeness = np.array([[_closeness(g, p) for p in predicted] for g in gold])
    rows, columns = linear_sum_assignment(-(credits + closeness * 1e-3 * (credits > 0)))
    return [
        Pair(gold[r], predicted[c], float(credits[r, c]))
        for r, c in zip(rows, columns, strict=True)
        if credits[r, c]
    ]


def _closeness(gold: Mention, predicted: Mention) -> float:
    return 2.0 * (gold.span == predicted.span) + (gold.label == predicted.label)


def credit(gold: Mention, predicted: Mention, mode: Mode) -> float:
    """What one pair is worth under a measure: 0, 0.5 or 1."""
    if not (gold.start < predicted.end and predicted.start < gold.end):
        return 0.0
    same_span = gold.span == predicted.span
    same_type = gold.label == predicted.label
    if mode == "strict":
        return float(same_span and same_type)
    if mode == "exact":
        return float(same_span)
    if mode == "type":
        return float(same_type)
    return 1.0 if same_span else 0.5


def without(mentions: Sequence[Mention], taken: Sequence[Mention]) -> list[Mention]:
    """The mentions that are not among those taken, by id."""
    ids = {mention.id for mention in taken}
    return [mention for mention in mentions if mention.id not in ids]


RelationKey = tuple[str, frozenset[str], frozenset[str]]


def relation_keys(document: AnnotatedDocument, kind: str | None = None) -> list[RelationKey]:
    """Distinct relations of a document as pairs of concepts (or texts), not of mentions."""
    mentions = document.by_id()
    keys = [
        _relation_key(link, mentions)
        for link in document.relations
        if kind is None or link.type == kind
    ]
    # Merged until no two share their ends, so that the order of the relations does not matter.
    merged: dict[int, RelationKey] = {}
    owner: dict[_Ends, int] = {}
    for number, key in enumerate(keys):
        while alike := {owner[ends] for ends in _ends(key) if ends in owner}:
            for other in map(merged.pop, sorted(alike)):
                for ends in _ends(other):
                    del owner[ends]
                key = key[0], key[1] | other[1], key[2] | other[2]
        merged[number] = key
        owner.update(dict.fromkeys(_ends(key), number))
    return list(merged.values())


def links_of(document: AnnotatedDocument, keys: Sequence[RelationKey]) -> list[list[RelationLink]]:
    """The relations between mentions behind each of the distinct relations of a document.

    Parameters
    ----------
    keys
        All that :func:`relation_keys` gave for the document.
    """
    owner = {ends: position for position, key in enumerate(keys) for ends in _ends(key)}
    mentions = document.by_id()
    found: list[list[RelationLink]] = [[] for _ in keys]
    for link in document.relations:
        # Merged or not, a key has every reading of its relations, so any of them tells it.
        reading = next(_ends(_relation_key(link, mentions)))
        found[owner[reading]].append(link)
    return found


_Ends = tuple[str, str, str]


def _ends(key: RelationKey) -> Iterator[_Ends]:
    """Every single reading of a relation: its type, a key of its head, a key of its tail."""
    kind, heads, tails = key
    return ((kind, head, tail) for head in heads for tail in tails)


def _relation_key(link: RelationLink, mentions: dict[str, Mention]) -> RelationKey:
    return link.type, mentions[link.head].keys, mentions[link.tail].keys


def _same_relation(one: RelationKey, other: RelationKey) -> bool:
    return one[0] == other[0] and bool(one[1] & other[1]) and bool(one[2] & other[2])


def match_relations(
    gold: Sequence[RelationKey], predicted: Sequence[RelationKey]
) -> list[tuple[int, int]]:
    """Pair relations whose heads and whose tails share a concept or their text.

    Returns
    -------
    list[tuple[int, int]]
        Positions in ``gold`` and in ``predicted``, each at most once, as many as possible.
    """
    readings: dict[_Ends, list[int]] = {}
    for row, key in enumerate(gold):
        for ends in _ends(key):
            readings.setdefault(ends, []).append(row)
    edges = [{row for ends in _ends(key) for row in readings.get(ends, ())} for key in predicted]
    # Nearly all fit one other and no more; only the rest needs a search for the best pairing.
    uses = Counter(row for rows in edges for row in rows)
    plain = {
        column: min(rows)
        for column, rows in enumerate(edges)
        if len(rows) == 1 and uses[min(rows)] == 1
    }
    columns = [column for column, rows in enumerate(edges) if rows and column not in plain]
    rows = sorted(set().union(*(edges[column] for column in columns)))
    rest = pair_up([gold[r] for r in rows], [predicted[c] for c in columns], _same_relation)
    found = [(row, column) for column, row in plain.items()]
    return sorted(found + [(rows[r], columns[c]) for r, c in rest])


def pair_up(
    left: Sequence[T], right: Sequence[T], alike: Callable[[T, T], bool]
) -> list[tuple[int, int]]:
    """Pair items that are alike, each at most once and as many as possible.

    Maximum bipartite matching (Hopcroft and Karp 1973), by SciPy.
    """
    if not left or not right:
        return []
    if len(left) == len(right) == 1:
        return [(0, 0)] if alike(left[0], right[0]) else []
    import numpy as np
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    graph = np.array([[alike(one, other) for other in right] for one in left])
    columns = maximum_bipartite_matching(csr_matrix(graph), perm_type="column")
    return [(row, int(column)) for row, column in enumerate(columns) if column >= 0]
