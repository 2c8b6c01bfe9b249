"""The report in a browser: every view opens, filters, leads on, and keeps to its place."""

from __future__ import annotations

import csv
import json

import pytest

from pipeline.batch.run import run
from pipeline.config import RunConfig
from pipeline.report.build import build

HOSTILE = '<script>alert("id")</script>'
TEXTS = {
    "gout": "Gout\n\nGout causes joint pain and swelling of the big toe.\n"
    "It does not cause a rash.\n\nGout often causes joint pain. Gout affects the kidneys.\n",
    "folder/flu": "Flu\n\nInfluenza causes fever, headache and muscle pain.\n"
    "Flu may cause a cough.\n",
    "lupus": "Lupus\n\nLupus causes fever, joint pain and a rash. Lupus affects the kidneys.\n",
    "gout-again": "Gout again\n\nGout causes joint pain at night.\n",
    HOSTILE: (
        "Migraine <script>alert('text')</script> & \"quotes\" 😀👩‍⚕️ ]]> -->\n\n"
        "Migraine causes headache 😀 and nausea. " + "verylongword" * 60 + " </script>\n\n"
        "الصداع النصفي migraine causes vomiting.\n"
    ),
    "long": "Asthma\n\n"
    + "Asthma causes wheezing. Nothing else is said of it in this line.\n" * 480,
}
TITLES = {HOSTILE: "<img src=x onerror=alert('title')> 😀 \u202etfel " + "W" * 300}
VIEWS = [
    "overview",
    "relations",
    "relations?type=all&pair=0",
    "charts",
    "articles",
    "article/0?at=6",
    "article/4",
    "article/5",
]


@pytest.fixture(scope="module")
def report(nlp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    (folder / "articles.jsonl").write_text(
        "".join(
            json.dumps({"id": doc_id, "title": TITLES.get(doc_id, ""), "text": text}) + "\n"
            for doc_id, text in TEXTS.items()
        )
    )
    (folder / "broken.jsonl").write_text("{<b>not</b> json\n")
    inputs = [folder / "articles.jsonl", folder / "broken.jsonl"]
    run(inputs, folder / "run", RunConfig.for_profile("fast"), lambda: nlp)
    return build(folder / "run").path


def show(page, view):
    page.evaluate("view => { location.hash = view; }", view)
    settle(page, view)


def settle(page, view):
    page.wait_for_selector("main > *")
    # A view follows its address, and charts their view, after a moment.
    page.wait_for_timeout(250 if view in ("overview", "charts") else 60)


@pytest.fixture
def at(open_page, report):
    """Opens the report at a view."""

    def open_at(view, **options):
        page = open_page(report, view, **options)
        settle(page, view)
        return page

    return open_at


def column(page, number):
    return page.locator(f".data-table tbody tr > td:nth-child({number})").all_inner_texts()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_views_are_accessible_and_fit(at, check_page, view, width, scheme):
    page = at(view, width=width, color_scheme=scheme)
    check_page(page)


def test_tabs_lead_to_their_views(open_page, report):
    page = open_page(report)
    names = page.locator(".top nav a").all_inner_texts()
    assert names == ["Overview", "Relations", "Charts", "Articles", "Review"]
    for name in names:
        page.click(f".top nav a:text-is('{name}')")
        page.wait_for_selector(f".top nav a[aria-current=page]:text-is('{name}')")
        assert page.locator("main").inner_text().strip()
    page.go_back()
    page.wait_for_selector(".top nav a[aria-current=page]:text-is('Articles')")


def test_overview_tells_counts_and_errors(open_page, report):
    page = open_page(report)
    tiles = page.locator(".tile").all_inner_texts()
    assert tiles[0].startswith("6")
    assert page.locator(".chart svg").count() == 3
    assert "broken.jsonl" in page.locator("main").inner_text()


def test_table_sorts_and_filters(at):
    page = at("relations")
    assert set(column(page, 2)) == {"has symptom"}
    page.click("th button:has-text('Condition or symptom')")
    heads = [text.replace("▸", "") for text in column(page, 1)]
    assert heads == sorted(heads, key=str.lower)
    page.click("th button:has-text('Condition or symptom')")
    assert [text.replace("▸", "") for text in column(page, 1)] == heads[::-1]
    page.click("th button:has-text('Told')")
    told = [int(text) for text in column(page, 5)]
    assert told == sorted(told, reverse=True)
    page.select_option("label:has-text('Relation') select", "affects")
    assert set(column(page, 2)) == {"affects"}
    page.select_option("label:has-text('Relation') select", "all")
    page.fill("input[type=search]", "kidney")
    assert all("kidney" in text.lower() for text in column(page, 3))
    assert "q=kidney" in page.url
    page.fill("input[type=search]", "nothing of the kind")
    assert page.locator(".data-table tbody tr").count() == 0
    assert page.locator("[role=status]").first.inner_text() == "0 pairs"


def test_filter_by_articles(at):
    page = at("relations?type=all")
    page.select_option("label:has-text('Articles') select", "2")
    assert all(int(text) >= 2 for text in column(page, 4))


def test_a_row_opens_its_sentences_and_a_sentence_its_place(at):
    page = at("relations?q=gout+arthralgia")
    opener = page.locator(".opener").first
    opener.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    sentence = page.locator(".sentences .sentence").first
    assert sentence.locator(".mention.CONDITION").inner_text() == "Gout"
    assert sentence.locator(".mention.SYMPTOM").inner_text() == "joint pain"
    sentence.click()
    page.wait_for_selector(".article-text")
    assert page.locator(".article-text .mention.selected").inner_text() == "joint pain"
    assert page.locator(".article-text .mention.linked").count() == 2
    assert "Arthralgia" in page.locator(".panel").inner_text()
    page.go_back()
    assert page.locator(".opener").first.get_attribute("aria-expanded") == "true"


def test_denied_pairs_say_so(at):
    page = at("relations?q=gout+rash")
    page.locator(".opener").first.click()
    assert "only denied" in page.locator(".evidence").inner_text()


def test_charts_answer_to_their_controls(at):
    page = at("charts")
    network = page.locator("section:has(h2:text-is('Network of the strongest pairs'))")
    before = network.locator("[role=status]").inner_text()
    slider = network.locator("input[type=range]")
    slider.focus()
    slider.press("End")
    assert network.locator("[role=status]").inner_text() != before
    page.wait_for_timeout(250)
    assert network.locator("svg .mark-symbol path").count() >= 2
    slider.press("Home")
    page.wait_for_timeout(250)
    assert network.locator("svg .mark-symbol path").count() > 2
    network.locator("label:has-text('Pairs of') select").select_option("affects")
    page.wait_for_timeout(250)
    # Gout and lupus, and the kidney that they share.
    assert network.locator("svg .mark-symbol path").count() == 3


def test_a_cell_of_the_heat_map_leads_to_its_pair(at):
    page = at("charts")
    page.locator(".chart svg .mark-rect path").first.click()
    page.wait_for_selector(".evidence")
    assert page.locator(".sentences li").count() >= 1


@pytest.mark.parametrize("view", ["overview", "relations", "charts", "articles"])
def test_data_can_be_saved(at, view):
    page = at(view)
    with page.expect_download() as waiting:
        page.locator("button[aria-label$='as CSV']").first.click()
    content = waiting.value.path().read_text(encoding="utf-8-sig")
    table = list(csv.reader(content.splitlines()))
    assert len(table) > 1
    assert {len(line) for line in table} == {len(table[0])}


def test_arrows_go_from_mention_to_mention(at):
    page = at("article/0")
    page.focus(".article-text")
    page.keyboard.press("ArrowRight")
    assert page.locator(".mention.selected").inner_text() == "Gout"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.locator(".mention.selected").inner_text() == "joint pain"
    page.keyboard.press("ArrowLeft")
    assert page.locator(".mention.selected").inner_text() == "Gout"
    assert page.locator(".panel dd").first.inner_text().startswith("gout")


def test_pointing_at_a_mention_tells_what_it_is(at):
    page = at("article/0")
    page.hover(".article-text .mention.negated >> nth=0")
    tip = page.locator("[role=tooltip]").inner_text()
    assert "denied" in tip
    assert "HP:" in tip
    assert "gout" in tip


def test_types_can_be_hidden(at):
    page = at("article/0")
    assert page.locator(".article-text .mention.BODY_PART").count() > 0
    page.click(".switch.BODY_PART")
    assert page.locator(".article-text .mention.BODY_PART").count() == 0
    assert page.locator(".article-text .mention.SYMPTOM").count() > 0


def test_hostile_text_is_shown_as_text(at):
    page = at("articles")
    assert HOSTILE in page.locator("main").inner_text()
    show(page, "article/4")
    shown = page.locator(".article-text").inner_text()
    assert "<script>alert('text')</script> & \"quotes\" 😀👩‍⚕️ ]]> -->" in shown
    assert page.locator(".article-head h2").inner_text().startswith("<img src=x onerror=")
    assert page.locator("main img, main script").count() == 0
    marked = page.locator(".article-text .mention.SYMPTOM").all_inner_texts()
    assert marked == ["headache", "nausea", "vomiting"]


def test_long_articles_have_pages(at):
    page = at("article/5")
    assert "page 1 of 2" in page.locator("main .pager").inner_text()
    first = page.locator(".article-text").inner_text()
    page.click("text=Next ›")
    assert page.locator(".article-text").inner_text() not in (first, "")
    show(page, f"article/5?at={TEXTS['long'].rindex('wheezing')}")
    assert "page 2 of 2" in page.locator("main .pager").inner_text()
    assert page.locator(".mention.selected").inner_text() == "wheezing"


def test_theme_is_kept(open_page, report):
    page = open_page(report, color_scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 245, 247)"
    page.select_option(".theme select", "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 27)"
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 27)"


def test_unknown_addresses_show_something(open_page, report):
    page = open_page(report)
    for view in ("nowhere", "article/99", "article/x", "relations?pair=9999&type=none"):
        show(page, view)
        assert page.locator("main").inner_text().strip()
