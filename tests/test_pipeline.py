"""The pipeline as spaCy sees it: factories, saving, serialising, several processes."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import spacy
from confection import ConfigValidationError
from spacy.tokens import Doc, DocBin, Span

import pipeline
from pipeline.assemble import COMPONENTS as BY_PROFILE
from pipeline.assemble import RECOGNISER
from pipeline.components import attributes
from pipeline.errors import ConfigError
from pipeline.records import Article
from pipeline.tables.rows import rows_of

ROOT = Path(__file__).parents[1]
MS = (
    "# Multiple sclerosis\r\n\r\nMultiple sclerosis (MS) affects the brain and spinal cord. MS may "
    "cause leg or foot pain, but no fever. 🤒\r\n\r\n## Treatment\r\n\r\n- No cure is known.\r\n"
)
FLU = "What is the flu?\n\nThe flu causes fever, cough, and a heavy feeling in your legs."


COMPONENTS = BY_PROFILE["accurate"]


@pytest.fixture(scope="module", params=BY_PROFILE)
def profile(request):
    return request.param


@pytest.fixture(scope="module")
def nlp(profile):
    return pipeline.load(profile)


@pytest.fixture(scope="module")
def seed_doc(nlp, seed_text):
    return nlp(seed_text)


@pytest.fixture(scope="module")
def texts(seed_text):
    return [seed_text, MS, FLU]


def rows(doc):
    return rows_of(Article("doc", "doc.txt", doc.text), doc)


@pytest.fixture(scope="module")
def expected(nlp, texts):
    found = [rows(nlp(text)) for text in texts]
    assert all(len(tables["entities"]) > 4 and tables["relations"] for tables in found)
    return found


# Importing.


def in_new_process(code):
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.strip()


def test_pipeline_import_loads_no_heavy_package():
    heavy = {"spacy", "scispacy", "numpy", "pandas", "pyarrow", "duckdb", "scipy", "pydantic"}
    code = f"import sys, pipeline; print(sorted({heavy!r} & set(sys.modules)))"
    assert in_new_process(code) == "[]"


def test_pipeline_import_registers_no_extension():
    code = (
        "from spacy.tokens import Doc, Span, Token; from spacy.tokens.underscore import Underscore;"
        "before = [dict(d) for d in (Underscore.doc_extensions, Underscore.span_extensions,"
        "Underscore.token_extensions)]; import pipeline;"
        "after = [dict(d) for d in (Underscore.doc_extensions, Underscore.span_extensions,"
        "Underscore.token_extensions)]; print(before == after, sum(map(len, after)))"
    )
    assert in_new_process(code) == "True 0"


def test_pipeline_import_leaves_logging_and_warnings_alone():
    code = (
        "import logging, warnings; before = (list(logging.root.handlers), logging.root.level,"
        "list(warnings.filters)); import pipeline; after = (list(logging.root.handlers),"
        "logging.root.level, list(warnings.filters)); print(before == after)"
    )
    assert in_new_process(code) == "True"


def test_pipeline_version_is_the_installed_one():
    from importlib.metadata import version

    assert pipeline.__version__ == version("symptograph")


def test_pipeline_unknown_profile_says_which_there_are():
    with pytest.raises(ConfigError, match=r"unknown profile 'slow'; use one of: .*fast"):
        pipeline.load("slow")


# Factories.


def test_pipeline_every_component_is_an_entry_point():
    found = {point.name for point in entry_points(group="spacy_factories")}
    assert set(COMPONENTS) <= found


@pytest.mark.parametrize("name", COMPONENTS)
def test_pipeline_entry_point_is_the_factory(name):
    (point,) = entry_points(group="spacy_factories", name=name)
    assert callable(point.load())


def test_pipeline_factories_are_found_without_importing_ours():
    code = "import spacy; nlp = spacy.blank('en'); " + "; ".join(
        f"nlp.add_pipe({name!r})" for name in COMPONENTS
    )
    assert in_new_process(code + "; print(len(nlp.pipeline))") == str(len(COMPONENTS))


@pytest.mark.parametrize("name", COMPONENTS)
def test_pipeline_component_can_be_added_alone(name, seed_text):
    nlp = spacy.blank("en")
    nlp.add_pipe(name)
    if name == RECOGNISER:
        with pytest.raises(ValueError, match=f"E109.*'{RECOGNISER}'"):
            nlp(seed_text)
        nlp.initialize()
    assert nlp(seed_text).text == seed_text
    assert nlp("").text == ""


@pytest.mark.parametrize("name", COMPONENTS)
def test_pipeline_misspelt_setting_raises(name):
    with pytest.raises(ConfigValidationError):
        spacy.blank("en").add_pipe(name, config={"misspelt": 1})


def test_pipeline_setting_of_the_wrong_type_raises():
    with pytest.raises(ConfigValidationError):
        spacy.blank("en").add_pipe("symptograph_linker", config={"cache_size": "many"})


@pytest.mark.parametrize("name", COMPONENTS)
def test_pipeline_factory_declares_what_it_assigns(nlp, name):
    assert nlp.get_factory_meta(name).assigns


def test_pipeline_analysis_finds_no_problem(profile, nlp):
    analysis = nlp.analyze_pipes()
    assert set(analysis["problems"]) == set(BY_PROFILE[profile]) == set(nlp.pipe_names)
    assert not any(analysis["problems"].values())


@pytest.mark.parametrize(
    ("late", "needs"),
    [
        ("symptograph_sentences", "doc.sents"),
        ("symptograph_linker", "span._.concepts"),
        ("symptograph_topics", "span._.topic"),
    ],
)
def test_pipeline_analysis_finds_a_wrong_order(late, needs):
    nlp = spacy.blank("en")
    for name in (*(name for name in COMPONENTS if name != late), late):
        nlp.add_pipe(name)
    problems = {name: found for name, found in nlp.analyze_pipes()["problems"].items() if found}
    assert problems
    assert all(needs in found for found in problems.values())


# Extension attributes.


def test_pipeline_registers_attributes_again_without_harm(nlp):
    before = {name: Span.get_extension(name) for name in ("concepts", "negated", "topic")}
    attributes.register()
    assert {name: Span.get_extension(name) for name in before} == before


def test_pipeline_keeps_attributes_that_someone_registered_before():
    code = (
        "from spacy.tokens import Span; Span.set_extension('negated', default='theirs');"
        "from pipeline.components import attributes; attributes.register();"
        "print(Span.get_extension('negated')[0])"
    )
    assert in_new_process(code) == "theirs"


def test_pipeline_default_lists_are_not_shared(nlp):
    one, other = nlp("The zxqy."), nlp("The blorf.")
    one._.relations.append("mine")
    assert other._.relations == []
    assert nlp("Again.")._.relations == []


def plain(value):
    if isinstance(value, list):
        return all(map(plain, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and plain(item) for key, item in value.items())
    return value is None or type(value) in (bool, int, float, str)


def test_pipeline_attributes_hold_plain_values_only(seed_doc):
    assert len(seed_doc.spans["sc"]) > 100
    for name in ("relations", "abbreviations", "topic"):
        assert plain(seed_doc._.get(name))
    for span in (*seed_doc.spans["sc"], *seed_doc.spans["sections"]):
        for name in ("concepts", "negated", "uncertain", "cue", "source", "score", "topic"):
            assert plain(span._.get(name)), name


def test_pipeline_entities_are_mentions_without_overlaps(seed_doc):
    mentions = {(s.start, s.end, s.label_, s.id_) for s in seed_doc.spans["sc"]}
    entities = {(s.start, s.end, s.label_, s.id_) for s in seed_doc.ents}
    assert 50 < len(entities) < len(mentions)
    assert entities < mentions


# Round trips.


def test_pipeline_saved_and_loaded_gives_the_same_rows(nlp, texts, expected, tmp_path):
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    assert loaded.pipe_names == nlp.pipe_names
    assert [rows(loaded(text)) for text in texts] == expected


def test_pipeline_from_its_config_gives_the_same_rows(nlp, texts, expected):
    config = nlp.config.to_str()
    rebuilt = spacy.util.load_model_from_config(spacy.util.Config().from_str(config))
    if RECOGNISER in nlp.pipe_names:  # its weights are not in the config
        rebuilt.get_pipe(RECOGNISER).from_bytes(nlp.get_pipe(RECOGNISER).to_bytes())
    assert [rows(rebuilt(text)) for text in texts] == expected


def test_pipeline_from_bytes_gives_the_same_rows(profile, nlp, texts, expected):
    other = pipeline.load(profile).from_bytes(nlp.to_bytes())
    assert [rows(other(text)) for text in texts] == expected


@pytest.mark.parametrize("options", [{"n_process": 2}, {"n_process": 1}, {"batch_size": 1}])
def test_pipeline_pipe_gives_the_same_rows(nlp, texts, expected, options):
    assert [rows(doc) for doc in nlp.pipe(texts, **options)] == expected


def test_pipeline_two_processes_keep_the_order_of_many_texts(nlp):
    many = [f"Text {number}: the flu causes fever and cough." for number in range(60)]
    docs = list(nlp.pipe(many, n_process=2, batch_size=7))
    assert [doc.text for doc in docs] == many
    assert [rows(doc) for doc in docs] == [rows(nlp(text)) for text in many]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_pipeline_doc_bytes_keep_mentions_and_relations(nlp, texts, expected, number):
    doc = nlp(texts[number])
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    assert rows(again) == expected[number]
    assert again._.relations == doc._.relations
    assert again._.abbreviations == doc._.abbreviations


def test_pipeline_doc_bytes_are_read_with_another_vocab(nlp, expected):
    again = Doc(spacy.blank("en").vocab).from_bytes(nlp(MS).to_bytes())
    assert rows(again) == expected[1]


def test_pipeline_doc_bin_keeps_mentions_and_relations(nlp, texts, expected):
    stored = DocBin(store_user_data=True, docs=nlp.pipe(texts)).to_bytes()
    docs = DocBin(store_user_data=True).from_bytes(stored).get_docs(nlp.vocab)
    assert [rows(doc) for doc in docs] == expected


@pytest.mark.parametrize("name", COMPONENTS)
def test_pipeline_component_can_be_pickled(nlp, name, expected):
    if name not in nlp.pipe_names:
        pytest.skip("not in this profile")
    nlp(MS)  # what it has learnt of words must not be in the way
    copy = pickle.loads(pickle.dumps(nlp.get_pipe(name)))
    assert type(copy) is type(nlp.get_pipe(name))
    doc = nlp.make_doc(MS)
    for other, component in nlp.pipeline:
        doc = copy(doc) if other == name else component(doc)
    assert rows(doc) == expected[1]


def test_pipeline_annotating_twice_changes_nothing(nlp, expected):
    doc = nlp(MS)
    for _, component in nlp.pipeline:
        doc = component(doc)
    assert rows(doc) == expected[1]


def test_pipeline_another_pipeline_beside_it_changes_nothing(profile, nlp, expected):
    other = pipeline.load(profile)
    assert rows(other(MS)) == rows(nlp(MS)) == expected[1]
