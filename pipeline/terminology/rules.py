"""Which names of a terminology may be matched in running text, and how.

Everyday words and acronyms among the synonyms ("can", "all", "men", "ARMS") are the classic trap
of dictionary matching; see ``stop.csv`` and ``acronyms.csv``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.data import load_table
from pipeline.terminology.normalise import normalise
from pipeline.terminology.records import EntityType

MAX_UNITS = 8
# Capitals with digits or hyphens among them, at most five letters: ALS, MS, GM2, COVID.
_ACRONYM = re.compile(r"^(?=.*[A-Z].*[A-Z])[A-Z0-9-]+$")


def is_acronym(name: str) -> bool:
    """Tell whether a name matches only in capitals.

    True for one word of capitals with at most five letters.

    Examples
    --------
    >>> [is_acronym(n) for n in ("ALS", "GM2", "ALS2 syndrome", "Men", "CADASIL")]
    [True, False, False, False, False]
    """
    return bool(_ACRONYM.match(name)) and sum(map(str.isalpha, name)) <= 5


@lru_cache(maxsize=1)
def known_acronyms() -> frozenset[str]:
    """Acronyms that readers know, matched even where a document does not expand them."""
    return frozenset(row["acronym"] for row in load_table("acronyms.csv"))


@lru_cache(maxsize=1)
def _stops() -> frozenset[tuple[tuple[str, ...], str]]:
    return frozenset((normalise(row["term"]), row["type"]) for row in load_table("stop.csv"))


def is_stopped(units: tuple[str, ...], entity_type: EntityType) -> bool:
    """Tell whether the stop list forbids a folded name, for its type or for all types."""
    stops = _stops()
    return (units, "") in stops or (units, entity_type) in stops


def is_matchable(units: tuple[str, ...]) -> bool:
    """Tell whether a folded name can be matched at all: 1 to 8 units, not one tiny word."""
    if not 1 <= len(units) <= MAX_UNITS:
        return False
    return len(units) > 1 or (len(units[0]) >= 3 and not units[0].isdigit())
