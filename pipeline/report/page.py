"""Put a page together: one HTML file with its styles, scripts and data in it.

A content security policy lets the page run the scripts it was made with and nothing else, and
reach no network: text of an article cannot do anything, whatever is in it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import jinja2

_ASSETS = files("pipeline.report") / "assets"
# In the order they run in: libraries, what views are made of, views, and what shows them.
SCRIPTS = (
    "vendor/fflate.js", "vendor/preact.min.js", "vendor/preact-hooks.js", "vendor/htm.js",
    "vendor/vega.min.js", "vendor/vega-lite.min.js", "vendor/vega-embed.min.js",
    "scripts/data.js", "scripts/ui.js", "scripts/table.js", "scripts/chart.js", "scripts/text.js",
    "scripts/overview.js", "scripts/relations.js", "scripts/charts.js", "scripts/articles.js",
    "scripts/review-model.js", "scripts/review-store.js", "scripts/review-export.js",
    "scripts/review-actions.js", "scripts/review-panel.js", "scripts/review.js",
    "scripts/review-home.js",
    "scripts/evaluation.js", "scripts/main.js",
)  # fmt: skip


STYLES = ("report.css", "review.css", "evaluation.css")


@dataclass(frozen=True, slots=True)
class Script:
    """A script of the page and the digest by which the browser knows it."""

    code: str
    digest: str


def render(title: str, data: Mapping[str, Any]) -> str:
    """The whole page.

    Parameters
    ----------
    data
        Plain values by name; each is opened only when the page needs it.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(_read("report.html.jinja"))
    scripts = [_script(name) for name in SCRIPTS]
    style = "".join(_read(name) for name in STYLES)
    own = {"licences": _read("vendor/LICENSES.txt")}
    parts = {name: _packed(value) for name, value in (own | dict(data)).items()}
    return template.render(title=title, style=style, scripts=scripts, parts=parts)


def _read(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _script(name: str) -> Script:
    # The browser takes the digest of what stands between the tags.
    code = f"\n{_read(name)}"
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    return Script(code, digest)


def _packed(value: Any) -> str:
    """JSON, compressed, in letters that HTML does not know."""
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = gzip.compress(content.encode("utf-8", "replace"), mtime=0)
    return base64.b64encode(packed).decode()
