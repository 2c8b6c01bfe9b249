"""What a notebook shows of the tables: how much there is of what, and what failed.

The markup has no colours, scripts or links of its own, so that it fits light and dark themes alike.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pipeline.terminology.records import ENTITY_TYPES

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.tables.tables import Tables

_TITLES = {"CONDITION": "conditions", "SYMPTOM": "symptoms", "BODY_PART": "body parts"}
_N_TOP, _N_ERRORS = 5, 3
_MAX_LABEL, _MAX_MESSAGE = 40, 200
_LEFT = ' style="text-align: left"'


def overview(tables: Tables) -> str:
    """A small piece of HTML; whatever stands in the tables is escaped."""
    parts = [_counts(tables), *(_top(tables.entities, kind) for kind in ENTITY_TYPES)]
    shown = "".join(f'<div style="margin-right: 2em">{part}</div>' for part in parts)
    # A text may hold what notebooks would set as a formula.
    return (
        '<div class="tex2jax_ignore mathjax_ignore">'
        f'<div style="display: flex; flex-wrap: wrap">{shown}</div>{_errors(tables.errors)}</div>'
    )


def _counts(tables: Tables) -> str:
    return _table("table", "rows", [(name, len(tables[name])) for name in tables])


def _top(entities: pd.DataFrame, kind: str) -> str:
    """The concepts of a type that the most articles have, those that are negated left out."""
    found = entities[(entities["type"] == kind) & ~entities["negated"].astype(bool)]
    label = found["concept_label"].fillna(found["text"]).rename("label")
    counts = found.groupby(label)["doc_id"].agg(["nunique", "size"]).reset_index()
    top = counts.sort_values(["nunique", "size", "label"], ascending=[False, False, True])
    rows = top.head(_N_TOP)[["label", "nunique"]].itertuples(index=False, name=None)
    name = f"{_TITLES[kind]}: {len(top):,} in {len(found):,} mentions"
    return _table(name, "articles", list(rows))


def _table(name: str, count: str, rows: list[tuple[str, int]]) -> str:
    cells = "".join(
        f"<tr><td{_LEFT}>{_safe(label, _MAX_LABEL)}</td><td>{number:,}</td></tr>"
        for label, number in rows
    )
    return f"<table><tr><th{_LEFT}>{name}</th><th>{count}</th></tr>{cells}</table>"


def _errors(errors: pd.DataFrame) -> str:
    if errors.empty:
        return ""
    told = [_safe(message, _MAX_MESSAGE) for message in errors["message"].head(_N_ERRORS)]
    if len(errors) > _N_ERRORS:
        told.append(f"and {len(errors) - _N_ERRORS:,} more in <code>errors</code>")
    items = "".join(f"<li>{line}</li>" for line in told)
    return f"<p><b>not done</b></p><ul>{items}</ul>"


def _safe(text: str, limit: int) -> str:
    """A text on one line, cut where it is long, as HTML."""
    line = " ".join(text.split())
    return escape(line if len(line) <= limit else line[: limit - 1] + "…")
