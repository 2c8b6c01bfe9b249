from __future__ import annotations

import copy
import re
from collections import Counter

import pytest

from pipeline import data
from pipeline.components.grammar import Grammar
from pipeline.data import LEXICONS, load_table, load_toml
from pipeline.terminology.records import ENTITY_TYPES

# Of each table: the columns that name a line, and the column that vouches for it.
TABLES = {
    "idioms.csv": (("phrase",), "source"),
    "acronyms.csv": (("acronym", "type"), "source"),
    "consumer.csv": (("term", "type"), "source"),
    "linked_names.csv": (("term", "type"), "source"),
    "context.csv": (("cue", "category", "direction"), "source"),
    "context_words.csv": (("class", "word"), "source"),
    "spelling.csv": (("kind", "from"), "source"),
    "stop.csv": (("term", "type"), "reason"),
}
TOMLS = ("grammar.toml", "relations.toml", "use.toml", "web_pages.toml")


def test_lexicons_are_all_covered_by_these_tests():
    names = {path.name for path in LEXICONS.iterdir()}
    assert {*TABLES, *TOMLS} == names


@pytest.mark.parametrize("name", TABLES)
def test_lexicons_tables_have_a_source_on_every_line(name):
    rows = load_table(name)
    _, voucher = TABLES[name]
    assert len(rows) > 40
    assert [row for row in rows if not row[voucher]] == []


@pytest.mark.parametrize("name", TABLES)
def test_lexicons_tables_say_nothing_twice(name):
    columns, _ = TABLES[name]
    counts = Counter(tuple(row[c].lower() for c in columns) for row in load_table(name))
    assert len(counts) > 40
    assert [key for key, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", TOMLS)
def test_lexicons_tomls_load_and_hold_no_empty_list(name):
    values = list(load_toml(name).values())
    assert values
    assert all(values)


@pytest.mark.parametrize("name", TOMLS)
def test_lexicons_tomls_name_their_source(name):
    assert "Source" in (LEXICONS / name).read_text(encoding="utf-8").partition("\n\n")[0]


@pytest.mark.parametrize("name", ["acronyms.csv", "consumer.csv"])
def test_lexicons_types_are_known(name):
    types = {row["type"] for row in load_table(name)}
    assert types
    assert types <= set(ENTITY_TYPES)


def test_lexicons_stop_types_are_known_or_empty():
    types = {row["type"] for row in load_table("stop.csv")}
    assert "" in types
    assert types <= {*ENTITY_TYPES, ""}


@pytest.mark.parametrize("column", ["category", "direction"])
def test_lexicons_context_columns_hold_values_that_its_header_explains(column):
    comments = [
        line
        for line in (LEXICONS / "context.csv").read_text(encoding="utf-8").splitlines()
        if line.startswith("#")
    ]
    explained = set(re.findall(r"\w+", " ".join(comments)))
    values = {row[column] for row in load_table("context.csv")}
    assert len(values) >= 2
    assert values - explained == set()


@pytest.mark.parametrize("name", ["acronyms.csv", "consumer.csv"])
def test_lexicons_curies_exist_in_the_index(index, name):
    concepts = [
        (row["curie"], part)
        for row in load_table(name)
        for part in row["curie"].split(",")
        if row["curie"]
    ]
    assert len(concepts) > 40
    # The label of an unknown concept is the CURIE itself.
    assert [whole for whole, part in concepts if index.label(part) == part] == []


@pytest.mark.parametrize("name", ["acronyms.csv", "consumer.csv"])
def test_lexicons_labels_are_the_ontologys_own(index, name):
    rows = [row for row in load_table(name) if row["curie"]]
    assert len(rows) > 40
    assert [
        (row["curie"], row["label"]) for row in rows if index.label(row["curie"]) != row["label"]
    ] == []


@pytest.mark.parametrize(
    ("entity_type", "prefixes"),
    [
        ("CONDITION", ("MONDO:", "HP:")),
        ("SYMPTOM", ("HP:", "MONDO:")),
        ("BODY_PART", ("UBERON:",)),
    ],
)
def test_lexicons_consumer_curies_are_of_an_ontology_of_their_type(entity_type, prefixes):
    rows = [r for r in load_table("consumer.csv") if r["type"] == entity_type and r["curie"]]
    assert rows
    parts = [part for row in rows for part in row["curie"].split(",")]
    assert [part for part in parts if not part.startswith(prefixes)] == []


def test_lexicons_acronyms_are_acronyms():
    from pipeline.terminology.rules import is_acronym

    forms = [row["acronym"] for row in load_table("acronyms.csv")]
    assert len(forms) > 40
    assert [form for form in forms if not is_acronym(form)] == []


def test_lexicons_grammar_compiles():
    source = load_toml("grammar.toml")
    grammar = Grammar(source)
    assert [rule.name for rule in grammar.rules] == [rule["name"] for rule in source["rule"]]
    assert {rule.label for rule in grammar.rules} == set(ENTITY_TYPES)


def test_lexicons_grammar_rules_have_names_of_their_own():
    names = [rule["name"] for rule in load_toml("grammar.toml")["rule"]]
    assert len(names) == len(set(names)) > 10


def test_lexicons_grammar_scores_are_probabilities():
    scores = [rule["score"] for rule in load_toml("grammar.toml")["rule"]]
    assert len(scores) > 10
    assert all(0 < score <= 1 for score in scores)


def test_lexicons_grammar_uses_every_word_class():
    source = load_toml("grammar.toml")
    patterns = [*source["macros"].values(), *(rule["pattern"] for rule in source["rule"])]
    used = set(re.findall(r"<(\w+)>", " ".join(patterns)))
    # Read by the resolver, not by a pattern.
    used |= {"not_body", "measured_after"}
    assert sorted(set(source["words"]) - used - {"function_word"}) == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("<nosuch>", "unknown class <nosuch>"), ("<head> {NOSUCH}", "unknown macro {NOSUCH}")],
)
def test_lexicons_grammar_with_an_unknown_name_is_refused(pattern, message):
    source = copy.deepcopy(load_toml("grammar.toml"))
    source["rule"][0]["pattern"] = pattern
    with pytest.raises(ValueError, match=message):
        Grammar(source)


def test_lexicons_grammar_with_two_words_in_an_entry_is_refused():
    source = copy.deepcopy(load_toml("grammar.toml"))
    source["words"]["head"].append("two words")
    with pytest.raises(ValueError, match=r"'two words' in words\.head"):
        Grammar(source)


def test_lexicons_web_pages_say_why_and_list_in_order():
    for table in load_toml("web_pages.toml").values():
        assert table["why"]
        (kind,) = table.keys() - {"why"}
        assert kind in ("words", "patterns")
        assert table[kind] == sorted(set(table[kind]))
        assert kind == "patterns" or all(re.fullmatch("[a-z]+", word) for word in table[kind])


def test_lexicons_web_pages_patterns_compile_and_name_tables_of_words():
    source = load_toml("web_pages.toml")
    patterns = [p for table in source.values() for p in table.get("patterns", ())]
    assert len(patterns) > 20
    for pattern in patterns:
        re.compile(re.sub(r"<(\w+)>", lambda name: source[name[1]]["words"][0], pattern))


@pytest.fixture
def lexicons(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "LEXICONS", tmp_path)
    load_table.cache_clear()
    yield tmp_path
    load_table.cache_clear()


def test_lexicons_load_table_skips_comments_and_blank_lines(lexicons):
    (lexicons / "x.csv").write_text('# c\na,b\n\n1, "2"\n# d\n"3,4",5\n', encoding="utf-8")
    assert [row["a"] for row in load_table("x.csv")] == ["1", "3,4"]


@pytest.mark.parametrize("line", ["1", "1,2,3"])
def test_lexicons_load_table_refuses_a_wrong_number_of_cells(lexicons, line):
    (lexicons / "x.csv").write_text(f"a,b\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="wrong number of cells"):
        load_table("x.csv")
