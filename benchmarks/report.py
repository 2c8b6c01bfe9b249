"""How long the report of a run takes to be made, and to be opened in a browser.

Usage: python benchmarks/report.py RUN_DIR [OPENINGS]

Opening is from the start of the navigation until the overview, with its charts, stands in the page
(headless Chromium, median). The other views are timed from the click on. Targets are for a run of
1,000 pages: made in 60 s, opened in 3 s.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from pipeline.report.build import build

MAKING, OPENING = 60.0, 3.0
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# What stands in each view when it is there.
VIEWS = {
    "relations": ".data-table tbody tr",
    "charts": ".chart svg",
    "articles": ".data-table tbody tr",
    "article/0": ".article-text .mention",
}


def opened(page: Page, path: Path) -> dict[str, float]:
    """Seconds until each view stands."""
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector(".chart svg")
    found = {"overview": time.perf_counter() - began}
    for view, selector in VIEWS.items():
        began = time.perf_counter()
        page.evaluate("view => { location.hash = view; }", view)
        page.wait_for_selector(selector)
        found[view] = time.perf_counter() - began
    return found


def main(run_dir: Path, openings: int) -> int:
    """Measure and print; 0 if the targets are met."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = Path(folder, "report.html")
        began = time.perf_counter()
        made = build(run_dir, path)
        making = time.perf_counter() - began
        print(f"made       {making:.1f} s, {made.n_articles:,} of {made.n_documents:,} articles, "
              f"{made.n_bytes / 1e6:.1f} MB (target: at most {MAKING:.0f} s)")  # fmt: skip
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        rounds = [opened(browser.new_page(), path) for _ in range(openings)]
        browser.close()
    for view in rounds[0]:
        median = statistics.median(seconds[view] for seconds in rounds)
        target = f" (target: at most {OPENING:.0f} s)" if view == "overview" else ""
        print(f"{view:<10} {median:.2f} s{target}")
    opening = statistics.median(seconds["overview"] for seconds in rounds)
    return int(making > MAKING or opening > OPENING)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5))
