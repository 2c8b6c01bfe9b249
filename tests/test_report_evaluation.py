"""The evaluation in a browser: figures, filters, and every error in its place."""

from __future__ import annotations

import csv

import pytest

from pipeline.evaluation.report import evaluate_run
from pipeline.report.build import build

VIEWS = ["evaluation", "evaluation/errors", "evaluation?doc=0"]
PAGE = 20
# The column of what was missed, after the three types.
MISSED = 3
SAID = {
    "wrong concept": ("condition Flu: Measles MONDO:0004619", "condition Flu: influenza"),
    "boundary left": ("symptom a sore throat", "symptom sore throat"),
    "wrong negation": ("symptom rash: stated", "symptom rash: denied"),
    "spurious": ("nothing", "body part Leg"),
    "wrong type": ("condition Leg pain", "symptom Leg pain"),
    "wrong hedge": ("symptom cough: hedged", "symptom cough: certain"),
    "missed": ("symptom Nothing", "nothing"),
    "missing relation": ("Measles has symptom fever", "no such relation"),
}


@pytest.fixture(scope="module")
def report(gold_run, tmp_path_factory):
    target = tmp_path_factory.mktemp("evaluation") / "report.html"
    return build(gold_run.run, target, gold=gold_run.gold).path


@pytest.fixture(scope="module")
def evaluation(gold_run):
    return evaluate_run(gold_run.gold, gold_run.run)


def show(page, view):
    page.evaluate("view => { location.hash = view; }", view)
    page.wait_for_selector("main .parts")


def shown_errors(page):
    """How many errors the filters leave, as the page says."""
    return int(page.locator("main > .table-top [role=status]").inner_text().split()[0])


def kinds(page):
    return page.locator(".error h3").all_inner_texts()


def choose(page, label, value):
    page.select_option(f".filters label:has(span:text-is('{label}')) select", value)


def open_errors(open_page, report, query=""):
    page = open_page(report)
    show(page, f"evaluation/errors{query}")
    return page


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
def test_views_are_accessible_and_fit(open_page, check_page, report, view, width, scheme):
    page = open_page(report, width=width, color_scheme=scheme)
    show(page, view)
    check_page(page)


def test_a_page_without_gold_has_no_evaluation(open_page, gold_run, tmp_path):
    page = open_page(build(gold_run.run, tmp_path / "report.html").path)
    assert "Evaluation" not in page.locator(".top nav a").all_inner_texts()


# Scores.


def test_the_tab_shows_the_figures_of_evaluate(open_page, report, evaluation):
    page = open_page(report)
    page.click(".top nav a:text-is('Evaluation')")
    page.wait_for_selector("#scores-heading")
    rows = page.locator("section:has(> #scores-heading) tbody tr").all_inner_texts()
    told = [row.replace("\n", " ").split("\t") for row in rows]
    assert [row[0].strip() for row in told] == [name for name, _ in evaluation.lines()]
    for row, (_, counts) in zip(told, evaluation.lines(), strict=True):
        figures = [f"{value:.3f}" for value in (counts.precision, counts.recall, counts.f1)]
        assert [cell.strip() for cell in row[1:4]] == figures
        assert row[5].strip() == f"{counts.gold:,}"
    assert page.locator(".tile").first.inner_text().startswith("0.9")


def test_an_article_leads_to_its_gold_and_its_errors(open_page, report, evaluation):
    page = open_page(report)
    show(page, "evaluation")
    row = page.locator("section:has(> #gold-articles-heading) tbody tr").first
    n_errors = sum(error.doc_id == "a-flu" for error in evaluation.errors)
    assert row.locator("td").last.inner_text() == str(n_errors)
    row.locator("td").last.locator("a").click()
    page.wait_for_selector(".errors")
    assert shown_errors(page) == n_errors
    page.go_back()
    row.locator("a").first.click()
    page.wait_for_selector(".beside")
    assert page.url.endswith("#evaluation?doc=0")


# Errors.


def test_errors_are_paged(open_page, report, evaluation):
    page = open_errors(open_page, report)
    total = len(evaluation.errors)
    assert total > 2 * PAGE
    assert shown_errors(page) == total
    assert len(kinds(page)) == PAGE
    page.click(".pager button:has-text('Next')")
    assert "page=2" in page.url
    assert kinds(page) == [error.kind for error in evaluation.errors[PAGE : 2 * PAGE]]
    page.reload()
    page.wait_for_selector(".errors")
    assert kinds(page) == [error.kind for error in evaluation.errors[PAGE : 2 * PAGE]]


def test_filters_are_in_the_address(open_page, report, evaluation):
    page = open_errors(open_page, report)
    choose(page, "Kind", "missed")
    missed = [error for error in evaluation.errors if error.kind == "missed"]
    assert shown_errors(page) == len(missed) > 2
    assert set(kinds(page)) == {"missed"}
    choose(page, "Article", "0")
    assert (shown_errors(page), kinds(page)) == (1, ["missed"])
    assert page.url.endswith("#evaluation/errors?kind=missed&article=0")
    page.reload()
    page.wait_for_selector(".errors")
    assert shown_errors(page) == 1
    choose(page, "Type", "CONDITION")
    assert page.locator("main .empty").is_visible()
    page.click("text=Show all errors")
    assert shown_errors(page) == len(evaluation.errors)
    assert page.url.endswith("#evaluation/errors")


def test_filters_by_type_and_by_what_found_it(open_page, report, evaluation):
    page = open_errors(open_page, report)
    for source in {error.source for error in evaluation.errors} - {""}:
        choose(page, "Found by", source)
        assert shown_errors(page) == sum(e.source == source for e in evaluation.errors)
    choose(page, "Found by", "")
    choose(page, "Type", "located_in")
    assert shown_errors(page) == sum(e.label == "located_in" for e in evaluation.errors)
    assert set(kinds(page)) <= {"missing relation", "extra relation"}
    show(page, "evaluation/errors?kind=nonsense&page=-3")
    page.wait_for_selector("main .empty")
    assert shown_errors(page) == 0


def test_the_confusion_adds_up_and_its_cells_filter(open_page, report):
    page = open_errors(open_page, report)
    *types, margin = [
        [int(cell or 0) for cell in row.locator("td").all_inner_texts()]
        for row in page.locator(".confusion tbody tr").all()
    ]
    assert [sum(row[:-1]) for row in types] == [row[-1] for row in types]
    assert [sum(column) for column in zip(*types, strict=True)][:-1] == margin[:-1]
    missed = page.locator(".confusion tr", has_text="symptom").locator("td").nth(MISSED)
    number = int(missed.inner_text())
    missed.locator("button").click()
    assert shown_errors(page) == number > 0
    assert set(kinds(page)) == {"missed"}
    assert page.url.endswith("gold=SYMPTOM&predicted=nothing")
    assert missed.locator("button").get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.activeElement.textContent") == "Errors in context"
    wrong = page.locator(".confusion tr", has_text="condition").locator("td").nth(1)
    wrong.locator("button").press("Enter")
    assert kinds(page) == ["wrong type"]
    page.click("text=condition found as symptom")
    assert page.url.endswith("#evaluation/errors")


def test_a_kind_filters(open_page, report, evaluation):
    page = open_errors(open_page, report, "?gold=CONDITION&predicted=SYMPTOM&article=0")
    assert shown_errors(page) == 1
    kind = page.locator(".kinds button", has_text="extra relation")
    told = sum(error.kind == "extra relation" for error in evaluation.errors)
    assert kind.locator(".number").inner_text() == str(told)
    kind.click()
    assert shown_errors(page) == told
    assert set(kinds(page)) == {"extra relation"}
    assert page.url.endswith("#evaluation/errors?kind=extra+relation")


def test_an_error_says_what_was_expected_and_found(open_page, report):
    page = open_page(report)
    for kind, (gold, predicted) in SAID.items():
        show(page, f"evaluation/errors?article=0&kind={kind}")
        page.wait_for_selector(f".error h3:text-is('{kind}')")
        said = [" ".join(text.split()) for text in page.locator(".saying").all_inner_texts()]
        assert said[0].lower() == f"expected {gold}".lower()
        assert said[1].lower().startswith(f"found {predicted}".lower())


def test_an_error_is_marked_in_its_sentence(open_page, report):
    page = open_errors(open_page, report, "?article=0&kind=boundary+left")
    gold, predicted = page.locator(".error .excerpt").all()
    sentence = "Flu causes fever 😷 and a sore throat."
    assert (gold.inner_text().strip(), predicted.inner_text().strip()) == (sentence, sentence)
    assert gold.locator(".differs").inner_text() == "a sore throat"
    assert predicted.locator(".differs").inner_text() == "sore throat"
    assert gold.locator(".agrees").all_inner_texts() == ["Flu", "fever", "throat"]


def test_an_error_leads_to_its_place_in_the_article(open_page, report):
    page = open_errors(open_page, report, "?article=0&kind=wrong+type")
    page.click(".error a:text-is('In the article')")
    page.wait_for_selector(".article-text")
    assert page.url.endswith("#article/0?at=85")
    assert page.locator(".article-text .mention.selected").inner_text() == "Leg pain"


def test_a_missed_mention_leads_to_its_sentence(open_page, report):
    page = open_errors(open_page, report, "?article=1&kind=missed")
    sentence = page.locator(".error .excerpt").first.inner_text().strip()
    page.locator(".error a:text-is('In the article')").first.click()
    page.wait_for_selector(".article-text")
    assert page.locator(".article-text .mention.selected").inner_text() in sentence


def test_errors_are_saved_as_they_are_filtered(open_page, report, evaluation):
    page = open_errors(open_page, report, "?article=0")
    with page.expect_download() as saved:
        page.click("main > .table-top button:has-text('CSV')")
    with saved.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [error for error in evaluation.errors if error.doc_id == "a-flu"]
    assert [(r["doc_id"], r["kind"], r["gold"], r["predicted"]) for r in rows] == [
        (e.doc_id, e.kind, e.gold, e.predicted) for e in expected
    ]


# An article, gold beside predicted.


def test_gold_stands_beside_what_was_predicted(open_page, report):
    page = open_page(report)
    show(page, "evaluation?doc=0")
    lines = page.locator(".beside tbody tr")
    assert lines.count() == 5
    assert lines.first.locator("td").all_inner_texts() == ["Flu 😷 <b>facts</b>"] * 2
    gold, predicted = (page.locator(f".beside td:nth-child({n}) .differs") for n in (1, 2))
    assert gold.all_inner_texts() == [
        "Flu", "a sore throat", "rash", "Leg pain", "cough", "Nothing",
    ]  # fmt: skip
    assert predicted.all_inner_texts() == ["Flu", "sore throat", "rash", "Leg pain", "Leg", "cough"]
    assert page.locator(".only li").count() == 6


def test_the_place_that_was_asked_for_is_in_sight(open_page, report):
    page = open_errors(open_page, report, "?article=1&kind=missed")
    page.locator(".error a:text-is('Gold beside predicted')").last.click()
    line = page.locator(".beside tr.asked")
    line.wait_for()
    page.wait_for_timeout(100)  # it scrolls after the page has gone to its top
    box = line.bounding_box()
    assert 0 < box["y"] < 900
    assert page.evaluate("scrollY") > 0


def test_what_agrees_is_there_once_on_a_narrow_screen(open_page, report):
    page = open_page(report, width=400)
    show(page, "evaluation?doc=0")
    shown = page.locator(".beside tbody tr:has-text('Measles') td:visible")
    assert shown.count() == 2  # the cough differs
    page.evaluate("location.hash = 'evaluation?doc=1'")
    page.wait_for_selector(".beside tr.same")
    assert page.locator(".beside tr.same td:visible").count() == page.locator("tr.same").count()


def test_an_article_without_gold_is_told(open_page, report):
    page = open_page(report)
    for number in ("9", "x", ""):
        show(page, f"evaluation?doc={number}")
        page.wait_for_selector("main .empty:has-text('no gold')")
