from __future__ import annotations

import json
import shutil

import pytest

import pipeline
from pipeline.batch.relink import relink
from pipeline.batch.run import run
from pipeline.config import RunConfig
from pipeline.errors import RunError, TerminologyError
from pipeline.terminology.cache import index_folder, load_index
from pipeline.terminology.own import read_own

OBO = """format-version: 1.2
data-version: hp/releases/2099-01-01

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0001945
name: Fever
synonym: "Hot forehead" EXACT layperson [own:1]
synonym: "Heat" RELATED []
synonym: "Old fever" EXACT obsolete_synonym []
alt_id: HP:0000999
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000002
name: Gone
is_a: HP:0000118
is_obsolete: true
replaced_by: HP:0001945

[Term]
id: HP:0000005
name: Mode of inheritance
is_a: HP:0000001 ! All
"""
GRAPH = {
    "graphs": [
        {
            "meta": {"version": "2099"},
            "nodes": [
                {
                    "id": "http://purl.obolibrary.org/obo/DOID_1",
                    "lbl": "wobble disease",
                    "type": "CLASS",
                    "meta": {"synonyms": [{"pred": "hasExactSynonym", "val": "the wobbles"}]},
                },
                {
                    "id": "http://purl.obolibrary.org/obo/DOID_2",
                    "lbl": "old disease",
                    "type": "CLASS",
                    "meta": {"deprecated": True},
                },
            ],
            "edges": [],
        }
    ]
}
CSV = "term,type,curie,label\nwobbly knee syndrome,CONDITION,OWN:1,Wobbly knees\n"
TEXT = "Wobbly knee syndrome\n\nWobbly knee syndrome causes a hot forehead and weakness.\n"


def _write(folder, name, content):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_own_obo_has_what_lies_below_the_roots(tmp_path):
    source = read_own(_write(tmp_path, "hp.obo", OBO))
    assert (source.name, source.version) == ("HP", "hp/releases/2099-01-01")
    assert [term.curie for term in source.terms] == ["HP:0001945"]
    names = [(name.text, name.scope) for name in source.terms[0].names]
    assert names == [("Fever", "LABEL"), ("Hot forehead", "EXACT"), ("Heat", "RELATED")]
    assert source.terms[0].type == "SYMPTOM"
    assert source.replaced == {"HP:0000999": "HP:0001945", "HP:0000002": "HP:0001945"}


def test_own_graph_is_read_like_obo(tmp_path):
    source = read_own(_write(tmp_path, "doid.json", GRAPH))
    assert (source.name, source.version) == ("DOID", "2099")
    (term,) = source.terms
    assert (term.curie, term.type) == ("DOID:1", "CONDITION")
    assert [name.text for name in term.names] == ["wobble disease", "the wobbles"]


def test_own_csv_gathers_the_names_of_a_term(tmp_path):
    more = CSV + "wobbly knees,CONDITION,OWN:1,Wobbly knees\n"
    source = read_own(_write(tmp_path, "mine.csv", more))
    (term,) = source.terms
    assert source.name == "mine"
    assert [name.text for name in term.names] == ["wobbly knee syndrome", "wobbly knees"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "term,type\nx,CONDITION\n", "column 'curie' is missing"),
        ("a.csv", "term,type,curie,label\nx,DISEASE,A:1,x\n", "row 2"),
        ("a.csv", "term,type,curie,label\n", "no terms"),
        ("a.obo", "[Term]\nid HP:1\n", "cannot be read"),
        ("a.obo", "format-version: 1.2\n\n[Term]\nid: ZZ:1\nname: x\n", "not known"),
        ("a.json", "{}", "cannot be read"),
        ("a.json", "{", "cannot be read"),
        ("a.owl", "<x/>", "give a terminology as"),
    ],
)
def test_own_malformed_files_are_named(tmp_path, name, content, message):
    path = _write(tmp_path, name, content)
    with pytest.raises(TerminologyError, match=message) as caught:
        read_own(path)
    assert str(path) in str(caught.value)


def test_own_missing_file_is_named(tmp_path):
    with pytest.raises(TerminologyError, match=r"gone\.csv: cannot be read"):
        RunConfig.for_profile("fast", terms=[tmp_path / "gone.csv"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def terms(folder, index):
    # Where the built-in terminology is compiled already, as it is in a user's cache.
    shutil.copytree(index_folder(), folder / "cache" / index_folder().name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMPTOGRAPH_CACHE", str(folder / "cache"))
        yield [_write(folder, "mine.csv", CSV), _write(folder, "hp.obo", OBO)]


def test_own_terms_are_found_and_linked(terms):
    doc = pipeline.load("fast", terms=terms)(TEXT)
    found = {(s.text, s.label_, s._.concepts[0][0]) for s in doc.spans["sc"] if s._.concepts}
    assert ("Wobbly knee syndrome", "CONDITION", "OWN:1") in found
    assert ("hot forehead", "SYMPTOM", "HP:0001945") in found


def test_own_terms_of_a_loaded_pipeline_are_those_of_the_call(terms):
    by_call = pipeline.extract(TEXT, profile="fast", terms=terms)
    by_pipeline = pipeline.extract(TEXT, nlp=pipeline.load("fast", terms=terms))
    assert "OWN:1" in set(by_call.links["concept_id"])
    assert by_call.links.equals(by_pipeline.links)
    for name in ("config", "settings", "terminology"):
        assert by_call.run[name] == by_pipeline.run[name]


def test_own_terms_take_the_place_of_the_built_in_source(index, terms):
    newer = load_index(own=terms)
    assert "SYMPTOM" in {entry.type for entry in index.lookup("Hypodontia")}
    assert "SYMPTOM" not in {entry.type for entry in newer.lookup("Hypodontia")}
    assert newer.lookup("adrenal gland") == index.lookup("adrenal gland")


def test_own_terms_are_part_of_a_runs_settings(terms):
    plain, own = RunConfig.for_profile("fast"), RunConfig.for_profile("fast", terms=terms)
    assert plain.digest() != own.digest()
    assert list(own.terms) == [path.as_posix() for path in terms]


@pytest.fixture(scope="module")
def run_dir(nlp, folder):
    files = [
        _write(folder, "knees.txt", TEXT),
        _write(folder, "flu.txt", "Influenza\n\nInfluenza (flu) causes leg or foot pain.\n"),
    ]
    run(files, folder / "run", RunConfig(profile="fast"), lambda: nlp)
    return folder / "run"


def test_relink_with_the_same_terms_changes_nothing(run_dir, tmp_path):
    result = relink(run_dir, tmp_path, [])
    assert (result.n_mentions > 5, result.changes) == (True, [])
    for path in sorted(run_dir.glob("*.csv")):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_relink_gives_the_concepts_of_other_terms(run_dir, terms, tmp_path):
    result = relink(run_dir, tmp_path, terms)
    changes = {change.text: change for change in result.changes}
    assert changes["leg or foot pain"].change == "obsolete"
    assert changes["leg or foot pain"].old_concept_id == "HP:0012514,HP:0025238"
    assert result.by_kind()["obsolete"] >= 1
    tables = pipeline.read_tables(tmp_path)
    assert "HP:0012514" not in set(tables.relations["tail_concept_id"])
    assert "HP:0012514" not in set(tables.cooccurrences["b_concept_id"])
    content = json.loads((tmp_path / "run.json").read_text())
    assert list(content["config"]["terms"]) == [path.as_posix() for path in terms]
    assert content["terminology"]["HP"]["version"] == "hp/releases/2099-01-01"


def test_relink_wants_a_run(tmp_path):
    with pytest.raises(RunError, match="no finished run"):
        relink(tmp_path, tmp_path / "out", [])
