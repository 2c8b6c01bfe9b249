from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

import pipeline
from pipeline.batch.run import run
from pipeline.config import RunConfig

ROOT = Path(__file__).parents[1]
SEED = ROOT / "corpus" / "articles" / "causes-of-weakness-in-legs.txt"


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def nlp():
    return pipeline.load("fast")


@pytest.fixture(scope="session")
def index():
    from pipeline.terminology.cache import load_index

    return load_index()


@pytest.fixture(scope="session")
def seed_text():
    return SEED.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def seed_doc(nlp, seed_text):
    return nlp(seed_text)


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium; the tests that need one are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api")
    place = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
    if place is None:
        pytest.skip("no Chromium on this machine; the README says how to install it")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=place, args=arguments)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser):
    """Opens a file in a page of its own; at the end nothing may have gone wrong or out."""
    contexts, problems = [], []

    def open_file(path, view="", width=1280, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(5_000)
        page.on("console", lambda m: m.type in ("error", "warning") and problems.append(m.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("file:", "data:", "blob:")) or problems.append(request.url)
            ),
        )
        page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
        page.goto(f"{Path(path).as_uri()}#{view}")
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def gold_run(nlp, tmp_path_factory):
    """A run over the seed article and a small one, and a folder of gold with errors of most kinds.

    The small article comes first, the seed article second.
    """
    folder = tmp_path_factory.mktemp("gold-run")
    text = (
        "Flu 😷 <b>facts</b>\n\nFlu causes fever 😷 and a sore throat. "
        "It does not cause a rash.\n\nLeg pain may occur in flu.\nMeasles causes a cough.\n\n"
        "Nothing is said here.\n"
    )
    # Words, the first place to look for them, type, concept; then what else is said of them.
    mentions = [
        ("Flu", 0, "CONDITION", "MONDO:0004619"),
        ("Flu", 5, "CONDITION", "MONDO:0005812"),
        ("fever", 0, "SYMPTOM", "HP:0001945"),
        ("a sore throat", 0, "SYMPTOM", "HP:0033050"),
        ("throat", 0, "BODY_PART", "UBERON:0000341"),
        ("rash", 0, "SYMPTOM", "HP:0000988"),
        ("Leg pain", 0, "CONDITION", "HP:0012514"),
        ("flu", 5, "CONDITION", "MONDO:0005812"),
        ("Measles", 0, "CONDITION", "MONDO:0004619"),
        ("cough", 0, "SYMPTOM", "HP:0012735"),
        ("Nothing", 0, "SYMPTOM", "HP:0000118"),
    ]
    lines = []
    for number, (words, after, label, concept) in enumerate(mentions, start=1):
        start = text.index(words, after)
        lines.append(f"T{number}\t{label} {start} {start + len(words)}\t{words}")
        lines.append(f"N{number}\tReference T{number} {concept}\t{words}")
    lines += ["A1\tUncertain T10", "R1\thas_symptom Arg1:T2 Arg2:T3"]
    lines += ["R2\thas_symptom Arg1:T9 Arg2:T3"]
    gold = folder / "gold"
    gold.mkdir()
    (gold / "a-flu.txt").write_text(text, encoding="utf-8")
    (gold / "a-flu.ann").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("causes-of-weakness-in-legs.txt", "causes-of-weakness-in-legs.ann"):
        shutil.copy(ROOT / "corpus" / "gold" / name, gold)
    texts = sorted(gold.glob("*.txt"))
    run(texts, folder / "run", RunConfig.for_profile("fast"), lambda: nlp)
    return SimpleNamespace(run=folder / "run", gold=gold)


@pytest.fixture(scope="session")
def check_page():
    """Asserts that a page is no wider than its window, and that axe-core finds nothing in it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def check(page):
        width = page.viewport_size["width"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []

    return check
