"""A finished run in the formats of other tools: what is written is what our readers take back."""

from __future__ import annotations

import csv
import itertools
import json
import re
from pathlib import Path

import defusedxml.ElementTree
import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin
from spacy.training import Corpus
from spacy.training.converters import conll_ner_to_docs
from spacy.vocab import Vocab
from typer.testing import CliRunner

from pipeline.batch.run import run
from pipeline.cli import app
from pipeline.config import RunConfig
from pipeline.errors import OutputError, RunError
from pipeline.evaluation.bioc import read_bioc
from pipeline.evaluation.brat import read_document
from pipeline.evaluation.conll import read_conll
from pipeline.evaluation.docbin import read_docbin
from pipeline.evaluation.gold import read_gold, sniff
from pipeline.evaluation.jsonl import read_jsonl
from pipeline.evaluation.pubtator import read_pubtator
from pipeline.evaluation.report import evaluate_run, read_run
from pipeline.export.documents import FinishedRun, without_overlap
from pipeline.export.formats import FORMATS, export
from pipeline.export.omop import COLUMNS
from pipeline.export.places import FileNames
from pipeline.records import RELATION_TYPES
from pipeline.tables.schema import ENTITIES, RELATIONS
from pipeline.tables.writer import TableWriter
from pipeline.terminology.records import ENTITY_TYPES

ROOT = Path(__file__).parents[1]
ARTICLES = ROOT / "corpus" / "articles"
SCHEMAS = ROOT / "tests" / "schemas"
LINKED = "Flu causes fever, leg or foot pain and may cause a cough. Flu does not cause rash."
TEXTS = {
    "emoji": f"😷 Flu 🤒\n\n🤧🤧 {LINKED} 👨‍👩‍👧‍👦 Fever 🤒.\n",
    "rtl": f"שפעת\n\nהשפעת {LINKED} \u202eHeadache\u202c الصداع fever.\n",
    "control": f"\x01Flu\x0b\x0c\n\n\x1b[31m{LINKED}\x1c\x85\u2028Fever\u2029 and \x7fcough\x08.\n",
    "xml": f'<Flu> & "fever"\n\n]]> <b>{LINKED}</b> &amp; &#0; <!-- cough --> \ufffe\uffff\n',
    "crlf": f"Flu\r\n\r\n{LINKED}\r\n\r\nSymptoms\r\n\r\n- fever\r\n- leg\r\npain\r\n",
    "cr": f"Flu\r\r{LINKED}\rLeg\rpain.\r",
    "long": f"{'x' * 120_000} {LINKED} {'-' * 3000}fever{'y' * 5000}\n",
    "tabs": f"Flu\tand\tcough\n\n{LINKED}\tLeg\tpain | fever |t| x\n",
    "conll": f"-DOCSTART- O\n\n{LINKED} -DOCSTART- B-SYMPTOM fever\u00a0and\u3000cough\n",
    "plain": "Nothing of the kind is said here.\n",
    "blank": "\n \n",
    "formula": "=cmd|' /C calc'!A0 fever\n\n@fever causes +fever and -cough in the flu.\n",
    "\ufeffmark": f"\ufeff\n\n\n{LINKED}\n# Fever\n\nFever is seen in flu.\n## Cough\nAnd fever.",
}
IDS = [
    "../../x", "/etc/passwd", "a\0b", "a" * 3000, "a" * 3000 + "b", "Flu", "flu", "FLU", "a//b",
    "a/b", "a/./b", "a/../b", "..", ".", "", "/", "x.txt/y", "x", "x.txt", "documents.tsv/y",
    "annotation.conf", "annotation.conf/y", "CON", "nul.txt", "c:\\x", "a\nb", "a\tb", "a|t|b",
    "-rf", "~", "a ", "a.", " a", "=1+1", "%2E%2E/x", "é", "e\u0301", "d/" * 500 + "e", "<&>", "*?",
    "=cmd|' /C calc'!A0", "'=1+1", "''=1+1", "'", "\t=1", "a\\u0041", "\\", "\x85\u2028", "🤒",
    "\ufeff",
]  # fmt: skip


def annotate(nlp, folder, texts):
    """A run over texts by id."""
    source = folder / "in.jsonl"
    records = ({"id": key, "text": text} for key, text in texts.items())
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    run([source], folder / "run", RunConfig(), lambda: nlp)
    return folder / "run"


def by_hand(folder, documents, **rows):
    """A run whose tables have these documents, by id, and no mentions."""
    with TableWriter(folder) as writer:
        for key, text in documents.items():
            writer.add(
                "documents",
                [(key, key, "", len(text), 0, 0, 0, None, None, "0", text, "{}", "[]")],
            )
        for name, table in rows.items():
            writer.add(name, table)
        writer.publish('{"symptograph": "1"}')
    return folder


def row_of(schema, **values):
    """A row of a table with these values, the others null."""
    assert values.keys() <= set(schema.names)
    return tuple(values.get(name) for name in schema.names)


@pytest.fixture(scope="module")
def corpus(nlp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    run([ARTICLES], folder, RunConfig(), lambda: nlp)
    return folder


@pytest.fixture(scope="module")
def hostile(nlp, tmp_path_factory):
    return annotate(nlp, tmp_path_factory.mktemp("hostile"), TEXTS)


@pytest.fixture(params=["corpus", "hostile"])
def run_dir(request):
    return request.getfixturevalue(request.param)


def texts_of(run_dir):
    return [document.text for document in FinishedRun.open(run_dir).documents()]


def found(document, *, concepts=True, asserted=True):
    """Mentions of a document as plain values."""
    return sorted(
        (
            m.label, m.start, m.end,
            sorted(map(sorted, m.concepts)) if concepts else [],
            (m.negated, m.uncertain) if asserted else (),
        )
        for m in document.mentions
    )  # fmt: skip


def links(document):
    """Relations of a document by the places of their mentions."""
    at = {key: (m.label, *m.span) for key, m in document.by_id().items()}
    return sorted((link.type, at[link.head], at[link.tail]) for link in document.relations)


def read_brat(folder):
    lines = (folder / "documents.tsv").read_text().splitlines()[1:]
    paths = [folder / line.split("\t")[1] for line in lines]
    return [read_document(path.with_suffix(".ann"), path) for path in paths]


def same_text(text):
    return text


def xml_text(text):
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\ufffd", text)


@pytest.mark.parametrize(
    ("to", "read", "shown"),
    [
        ("brat", read_brat, same_text),
        ("bioc", read_bioc, xml_text),
        ("docbin", lambda folder: read_docbin(folder / "documents-0001.spacy"), same_text),
        ("jsonl", read_jsonl, same_text),
    ],
)
def test_export_is_read_back(run_dir, tmp_path, to, read, shown):
    documents = read(export(run_dir, to, tmp_path / "out"))
    expected = list(read_run(run_dir).values())
    assert sum(len(document.mentions) for document in expected) > 20
    assert len(documents) == len(expected)
    for document, right in zip(documents, expected, strict=True):
        assert document.problems == []
        assert document.text == shown(right.text)
        assert found(document) == found(right)
        assert links(document) == links(right)
        assert all(document.text[m.start : m.end] == m.text for m in document.mentions)


def test_export_pubtator_is_read_back_with_relations_between_concepts(run_dir, tmp_path):
    documents = read_pubtator(export(run_dir, "pubtator", tmp_path / "out"))
    expected = list(FinishedRun.open(run_dir).documents())
    right_documents = read_run(run_dir).values()
    for document, source, right in zip(documents, expected, right_documents, strict=True):
        assert document.problems == []
        assert len(document.text) == len(source.text) + ("\n" not in source.text)
        # Where relations hold between concepts, a composite is a mention of each of its own.
        assert found(document, asserted=False) == found(right, asserted=False)
        pairs = {
            (row["type"], row["head_concept_id"], row["tail_concept_id"])
            for row in source.relations
            if row["head_concept_id"] and row["tail_concept_id"] and not row["negated"]
        }
        by_id = document.by_id()
        read = {(link.type, link.head, link.tail) for link in document.relations}
        for kind, head, tail in pairs:
            assert any(
                k == kind
                and any(head in c for c in by_id[h].concepts)
                and any(tail in c for c in by_id[t].concepts)
                for k, h, t in read
            )


def test_export_conll_is_read_back_with_the_longest_mentions(run_dir, tmp_path):
    path = export(run_dir, "conll", tmp_path / "out")
    assert sniff(path) == "CoNLL"
    documents = read_conll(path)
    expected = [d for d in FinishedRun.open(run_dir).documents() if d.text.strip()]
    for document, source in zip(documents, expected, strict=True):
        assert document.problems == []
        assert "".join(document.text.split()) == "".join(source.text.split())
        assert [(m.label, "".join(m.text.split())) for m in document.mentions] == [
            (row["type"], "".join(row["text"].split())) for row in without_overlap(source.mentions)
        ]


def test_export_conll_sentences_are_those_of_the_run(corpus, tmp_path):
    source = next(FinishedRun.open(corpus).documents())
    path = export(corpus, "conll", tmp_path / "out")
    text = path.read_text().split("-DOCSTART-\tO\n\n")[1]
    assert len(text.strip().split("\n\n")) == source.record["n_sentences"]


def assert_perfect(result, n_documents):
    lines = {name: counts for name, counts in result.lines() if counts.gold}
    lines.pop("mentions with a concept", None)  # a share of the mentions
    assert result.n_documents == n_documents
    assert {name: counts.f1 for name, counts in lines.items()} == dict.fromkeys(lines, 1.0)
    assert result.errors == []
    assert result.problems == []
    return lines


@pytest.mark.parametrize(
    ("of", "to"),
    [
        *itertools.product(["corpus", "hostile"], ["brat", "docbin", "jsonl"]),
        # XML cannot hold every text.
        ("corpus", "bioc"),
    ],
)
def test_export_as_gold_against_the_run_is_perfect(request, tmp_path, of, to):
    run_dir = request.getfixturevalue(of)
    result = evaluate_run(export(run_dir, to, tmp_path / "gold"), run_dir)
    lines = assert_perfect(result, len(read_run(run_dir)))
    assert {"SYMPTOM strict", "negated, given the mention", "has_symptom"} <= lines.keys()


@pytest.mark.parametrize("to", ["brat", "bioc", "pubtator", "docbin", "conll", "jsonl"])
def test_export_is_taken_as_gold(corpus, tmp_path, to):
    assert len(read_gold(export(corpus, to, tmp_path / "out"))) == 17


def test_export_docbin_has_scores_nested_mentions_and_negated_relations(hostile, tmp_path):
    folder = export(hostile, "docbin", tmp_path / "out")
    docs = list(
        DocBin(store_user_data=True).from_disk(folder / "documents-0001.spacy").get_docs(Vocab())
    )
    first = docs[0]
    assert first.user_data["doc_id"] == next(FinishedRun.open(hostile).documents()).doc_id
    assert len(first.spans["sc"]) > len(first.ents) > 3
    assert all(0 < span._.score <= 1 and span._.source for span in first.spans["sc"])
    assert any(relation["negated"] for doc in docs for relation in doc._.relations)
    index = (folder / "documents.tsv").read_text(encoding="utf-8").splitlines()
    assert index[1].split("\t")[1:] == ["documents-0001.spacy", "1"]
    assert len(index) == len(docs) + 1


def test_export_docbin_is_read_by_spacys_training(run_dir, tmp_path):
    folder = export(run_dir, "docbin", tmp_path / "out")
    examples = list(Corpus(folder)(spacy.blank("en")))
    expected = [d for d in FinishedRun.open(run_dir).documents() if d.text]
    for example, source in zip(examples, expected, strict=True):
        assert example.reference.text == source.text
        places = [(ent.start_char, ent.end_char) for ent in example.reference.ents]
        assert places == [(m["start"], m["end"]) for m in without_overlap(source.mentions)]
        assert len(example.reference.spans["sc"]) == len(source.mentions)


def test_export_conll_is_read_by_spacys_converter(run_dir, tmp_path):
    content = export(run_dir, "conll", tmp_path / "out").read_text(encoding="utf-8")
    # Documents begin with one whole line for it, that of CoNLL-2003.
    content = content.replace("-DOCSTART-\tO\n", "-DOCSTART- -X- O O\n")
    docs = list(conll_ner_to_docs(content, no_print=True))
    expected = read_conll(tmp_path / "out")
    assert len(docs) == len(expected)
    for doc, right in zip(docs, expected, strict=True):
        assert [(e.label_, e.text.split()) for e in doc.ents] == [
            (m.label, m.text.split()) for m in right.mentions
        ]


def test_export_docbin_ends_a_file_behind_so_many_characters(hostile, tmp_path, monkeypatch):
    from pipeline.export import docbin

    monkeypatch.setattr(docbin, "_MAX_CHARS", 200)
    folder = export(hostile, "docbin", tmp_path / "out")
    files = sorted(folder.glob("*.spacy"))
    assert len(files) > 3
    assert [d.text for file in files for d in read_docbin(file)] == texts_of(hostile)


# Negation and hedges, in every format that has room for them

SAID = "flu: fever, cough, rash and pain"
NEGATED, UNCERTAIN = {"fever", "rash"}, {"cough", "rash"}


@pytest.fixture(scope="module")
def asserted(tmp_path_factory):
    """A run whose mentions are called by their words; one of its two relations is negated."""
    entities = [
        row_of(
            ENTITIES, doc_id="a", entity_id=f"T{n}", text=word, start=(at := SAID.index(word)),
            end=at + len(word), type="SYMPTOM" if n else "CONDITION",
            negated=word in NEGATED, uncertain=word in UNCERTAIN,
        )
        for n, word in enumerate(("flu", "fever", "cough", "rash", "pain"))
    ]  # fmt: skip
    relations = [
        row_of(
            RELATIONS, doc_id="a", relation_id=f"R{n}", type="has_symptom", head_id="T0",
            head_text="flu", tail_id=f"T{n}", negated=n == 1, uncertain=False,
            evidence_start=0, evidence_end=len(SAID),
        )
        for n in (1, 4)
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("asserted")
    return by_hand(folder, {"a": SAID}, entities=entities, relations=relations)


def brat_says(folder):
    lines = [line.split("\t") for line in (folder / "a.ann").read_text().splitlines()]
    words = {line[0]: line[2] for line in lines if line[0].startswith("T")}
    marks = [line[1].split(" ") for line in lines if line[0].startswith("A")]
    return {
        "negated": {words[key] for name, key in marks if name == "Negated"},
        "uncertain": {words[key] for name, key in marks if name == "Uncertain"},
        "relations": [
            (re.search(r"Arg2:(\S+)", line[1])[1], False) for line in lines if line[0][0] == "R"
        ],
    }


def bioc_says(path):
    root = defusedxml.ElementTree.parse(path).getroot()
    mentions = [
        (a.findtext("text"), {i.get("key"): i.text for i in a.findall("infon")})
        for a in root.iter("annotation")
    ]
    return {
        **{
            name: {word for word, infons in mentions if infons[name] == "true"}
            for name in ("negated", "uncertain")
        },
        "relations": [(r.findall("node")[1].get("refid"), False) for r in root.iter("relation")],
    }


def docbin_says(folder):
    stored = DocBin(store_user_data=True).from_disk(folder / "documents-0001.spacy")
    (doc,) = stored.get_docs(Vocab())
    return {
        "negated": {span.text for span in doc.spans["sc"] if span._.negated},
        "uncertain": {span.text for span in doc.spans["sc"] if span._.uncertain},
        "relations": [(r["tail"], r["negated"]) for r in doc._.relations],
    }


def label_studio_says(folder):
    (task,) = json.loads((folder / "tasks.json").read_text())
    results = task["predictions"][0]["result"]
    choices = [r["value"] for r in results if r["type"] == "choices"]
    return {
        **{
            name: {value["text"] for value in choices if name in value["choices"]}
            for name in ("negated", "uncertain")
        },
        "relations": [(r["to_id"], False) for r in results if r["type"] == "relation"],
    }


def omop_says(folder):
    with (folder / "note_nlp.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    denied = {row["lexical_variant"] for row in rows if row["term_exists"] == "N"}
    modifiers = {row["lexical_variant"]: row["term_modifiers"].split(";") for row in rows}
    assert denied == {word for word, said in modifiers.items() if "Negation=true" in said}
    return {
        "negated": denied,
        "uncertain": {word for word, said in modifiers.items() if "Uncertain=true" in said},
        "relations": [],
    }


def jsonl_says(path):
    document = json.loads(path.read_text())
    return {
        **{
            name: {entity["text"] for entity in document["entities"] if entity[name]}
            for name in ("negated", "uncertain")
        },
        "relations": [(r["tail_id"], r["negated"]) for r in document["relations"]],
    }


@pytest.mark.parametrize(
    ("to", "says", "relations"),
    [
        ("brat", brat_says, [("T4", False)]),
        ("bioc", bioc_says, [("T4", False)]),
        ("docbin", docbin_says, [("T1", True), ("T4", False)]),
        ("label-studio", label_studio_says, [("T4", False)]),
        ("omop", omop_says, []),
        ("jsonl", jsonl_says, [("T1", True), ("T4", False)]),
    ],
)
def test_export_says_what_is_negated_and_uncertain(asserted, tmp_path, to, says, relations):
    path = export(asserted, to, tmp_path / "out")
    assert says(path) == {"negated": NEGATED, "uncertain": UNCERTAIN, "relations": relations}


@pytest.mark.parametrize("to", ["brat", "bioc", "docbin", "jsonl"])
def test_export_of_what_is_negated_is_read_back(asserted, tmp_path, to):
    (document,) = read_gold(export(asserted, to, tmp_path / "out"))
    assert document.problems == []
    assert {m.text for m in document.mentions if m.negated} == NEGATED
    assert {m.text for m in document.mentions if m.uncertain} == UNCERTAIN
    assert [link.tail for link in document.relations] == ["T4"]


# Any run


@st.composite
def runs(draw):
    """Texts by id, and rows of their mentions and relations."""
    documents = draw(st.dictionaries(st.text(max_size=6), st.text(min_size=1), max_size=3))
    entities, relations = [], []
    for key, text in documents.items():
        place = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text)))
        span = st.tuples(place.filter(lambda p: p[0] < p[1]), st.sampled_from(ENTITY_TYPES))
        spans = draw(st.lists(span, max_size=4, unique=True))
        for n, ((start, end), label) in enumerate(spans):
            entities.append(
                row_of(
                    ENTITIES, doc_id=key, entity_id=f"T{n}", type=label, text=text[start:end],
                    start=start, end=end, negated=draw(st.booleans()),
                    uncertain=draw(st.booleans()),
                    concept_id=draw(st.sampled_from([None, "HP:1", "HP:1,MONDO:2"])),
                    concept_label=draw(st.none() | st.text(max_size=4)),
                )
            )  # fmt: skip
        mention = st.integers(0, len(spans) - 1).map(lambda n: f"T{n}")
        for n in range(draw(st.integers(0, 3)) if spans else 0):
            relations.append(
                row_of(
                    RELATIONS, doc_id=key, relation_id=f"R{n}", head_id=draw(mention),
                    type=draw(st.sampled_from(RELATION_TYPES)), tail_id=draw(mention),
                    negated=draw(st.booleans()), uncertain=False,
                )
            )  # fmt: skip
    return documents, entities, relations


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(runs())
def test_export_of_any_run_as_gold_against_it_is_perfect(tmp_path_factory, any_run):
    documents, entities, relations = any_run
    folder = tmp_path_factory.mktemp("any")
    run_dir = by_hand(folder / "run", documents, entities=entities, relations=relations)
    for to in ("brat", "jsonl") if documents else ():
        assert_perfect(evaluate_run(export(run_dir, to, folder / to), run_dir), len(documents))


def test_export_of_hostile_ids_as_gold_against_the_run_is_perfect(tmp_path):
    entities = [
        row_of(
            ENTITIES, doc_id=key, entity_id="T1", type="CONDITION", text="flu", start=0, end=3,
            negated=False, uncertain=False,
        )
        for key in IDS
    ]  # fmt: skip
    run_dir = by_hand(tmp_path / "run", dict.fromkeys(IDS, "flu"), entities=entities)
    for to in ("brat", "docbin", "jsonl"):
        gold = export(run_dir, to, tmp_path / to)
        assert {document.doc_id for document in read_gold(gold)} == set(IDS)
        assert_perfect(evaluate_run(gold, run_dir), len(IDS))


def test_export_some_documents_of_a_brat_folder_are_gold_too(corpus, tmp_path):
    folder = export(corpus, "brat", tmp_path / "gold")
    for path in sorted(folder.glob("*.ann"))[3:]:
        path.unlink()
    assert_perfect(evaluate_run(folder, corpus), 3)


# The reference implementation of BioC, PubTator and BRAT, and what BioC asks of XML

# Children of the elements that have any, by Comeau et al. 2013; the export has no sentences.
_CHILDREN = {
    "collection": "source date key (infon )*(document )+",
    "document": "id (infon )*(passage )+(relation )*",
    "passage": "(infon )*offset text (annotation )*(relation )*",
    "annotation": "(infon )*(location )+text ",
    "relation": "(infon )*(node )+",
}
_ATTRIBUTES = {"infon": {"key"}, "location": {"offset", "length"}, "node": {"refid", "role"}}


def test_export_bioc_has_the_elements_in_their_order(run_dir, tmp_path):
    root = defusedxml.ElementTree.parse(export(run_dir, "bioc", tmp_path / "out")).getroot()
    elements = list(root.iter())
    assert root.tag == "collection"
    assert {element.tag for element in elements} > _CHILDREN.keys() | _ATTRIBUTES.keys()
    for element in elements:
        children = "".join(f"{child.tag} " for child in element)
        assert re.fullmatch(_CHILDREN.get(element.tag, ""), children), element.tag
        assert element.attrib.keys() >= _ATTRIBUTES.get(element.tag, set())


def test_export_bioc_is_valid_for_its_reference_implementation(run_dir, tmp_path):
    bioc = pytest.importorskip("bioc")
    path = export(run_dir, "bioc", tmp_path / "out")
    with path.open("rb") as file:
        collection = bioc.biocxml.load(file)
    bioc.validate(collection)
    documents = read_run(run_dir)
    assert len(collection.documents) == len(documents)
    for read, right in zip(collection.documents, documents.values(), strict=True):
        read_mentions = [a for p in read.passages for a in p.annotations]
        assert {a.id for a in read_mentions} == right.by_id().keys()
        assert len(read.relations) == len(right.relations)


def test_export_pubtator_is_read_by_the_same_package(corpus, tmp_path):
    pubtator = pytest.importorskip("bioc.pubtator")
    with export(corpus, "pubtator", tmp_path / "out").open(encoding="utf-8") as file:
        documents = pubtator.load(file)
    for read, right in zip(documents, read_run(corpus).values(), strict=True):
        assert (read.pmid, len(read.text)) == (right.doc_id, len(right.text.rstrip()))
        places = [(a.start, a.end, a.type) for a in read.annotations]
        assert places == [(*m.span, m.label) for m in right.mentions]
        assert all(
            read.text[a.start : a.end].replace("\n", " ") == a.text for a in read.annotations
        )


def test_export_brat_is_read_by_the_same_package(corpus, tmp_path):
    brat = pytest.importorskip("bioc.brat")
    validator = pytest.importorskip("bioc.brat.validator")
    folder = export(corpus, "brat", tmp_path / "out")
    for doc_id, right in read_run(corpus).items():
        # It compares the texts of mentions as they are; BRAT has a space for a line end.
        text = (folder / f"{doc_id}.txt").read_text(encoding="utf-8").replace("\n", " ")
        read = brat.loads(text, (folder / f"{doc_id}.ann").read_text(encoding="utf-8"), doc_id)
        validator.validate(read)
        assert {(e.id, e.type, *e.total_span) for e in read.entities} == {
            (m.id, m.label, *m.span) for m in right.mentions
        }
        assert {(r.type, *r.arguments.values()) for r in read.relations} == {
            (link.type, link.head, link.tail) for link in right.relations
        }
        assert {(a.type, a.refid) for a in read.attributes} == {
            (name.capitalize(), m.id)
            for m in right.mentions
            for name in ("negated", "uncertain")
            if getattr(m, name)
        }


def test_export_bioc_has_a_passage_a_section(corpus, tmp_path):
    path = export(corpus, "bioc", tmp_path / "out")
    n_sections = sum(len(d.sections) for d in FinishedRun.open(corpus).documents())
    n_passages = path.read_text(encoding="utf-8").count("<passage>")
    assert n_sections * 0.9 < n_passages <= n_sections


# Label Studio


@pytest.fixture
def tasks(run_dir, tmp_path):
    folder = export(run_dir, "label-studio", tmp_path / "out")
    config = (folder / "config.xml").read_text()
    return json.loads((folder / "tasks.json").read_text(encoding="utf-8")), config, run_dir


@pytest.fixture(scope="module")
def check_tasks():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((SCHEMAS / "label_studio_tasks.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_export_label_studio_tasks_fit_the_schema_of_the_format(tasks, check_tasks):
    made, _, _ = tasks
    assert [error.message for error in check_tasks.iter_errors(made)] == []


LABEL = {
    "id": "T1",
    "from_name": "label",
    "to_name": "text",
    "type": "labels",
    "value": {"start": 0, "end": 3, "text": "Flu", "labels": ["CONDITION"]},
}
ARROW = {"type": "relation", "from_id": "T1", "to_id": "T2", "direction": "right", "labels": ["x"]}


@pytest.mark.parametrize(
    ("result", "valid"),
    [
        ([], True),
        ([LABEL, ARROW], True),
        ({}, False),
        ([{**LABEL, "type": "ner"}], False),
        ([{**LABEL, "score": 1.5}], False),
        ([{**LABEL, "id": 1}], False),
        ([{**LABEL, "meta": {}}], False),
        ([{**LABEL, "value": {**LABEL["value"], "start": "0"}}], False),
        ([{**LABEL, "value": {**LABEL["value"], "labels": "CONDITION"}}], False),
        ([{**LABEL, "value": {**LABEL["value"], "labels": []}}], False),
        ([{**LABEL, "value": {**LABEL["value"], "choices": ["negated"]}}], False),
        ([{**LABEL, "type": "choices"}], False),
        ([{**LABEL, "type": "textarea"}], False),
        ([{**ARROW, "direction": "both"}], False),
        ([{**ARROW, "id": "R1"}], False),
        ([{key: value for key, value in ARROW.items() if key != "to_id"}], False),
    ],
)
def test_export_label_studio_schema_tells_right_from_wrong(check_tasks, result, valid):
    task = {"data": {"text": "Flu"}, "predictions": [{"result": result}]}
    assert check_tasks.is_valid([task]) is valid


def test_export_label_studio_config_names_things_once_and_binds_them(tasks):
    made, config, _ = tasks
    root = defusedxml.ElementTree.fromstring(config)
    named = [element for element in root.iter() if "name" in element.attrib]
    objects = {e.get("name"): e.get("value") for e in named if "toName" not in e.attrib}
    assert root.tag == "View"
    assert len({element.get("name") for element in named}) == len(named) == 4
    assert all(value.removeprefix("$") in made[0]["data"] for value in objects.values())
    assert {e.get("toName") for e in named if "toName" in e.attrib} == objects.keys()
    for control in [*named, root.find("Relations")]:
        values = [child.get("value") for child in control]
        assert len(set(values)) == len(values)


def check_result(result, text, config):
    """What Label Studio asks of an item of ``predictions[].result`` by its configuration."""
    if result["type"] == "relation":
        assert all(f'<Relation value="{label}"/>' in config for label in result["labels"])
        return
    assert f'name="{result["from_name"]}" toName="{result["to_name"]}"' in config
    value = result["value"]
    assert 0 <= value["start"] < value["end"] <= len(text)
    if result["type"] != "textarea":
        assert value["text"] == text[value["start"] : value["end"]]
        tag = {"labels": "Label", "choices": "Choice"}[result["type"]]
        assert all(f'<{tag} value="{name}"' in config for name in value[result["type"]])


def test_export_label_studio_tasks_can_be_imported(tasks):
    made, config, run_dir = tasks
    expected = read_run(run_dir)
    assert [task["data"]["doc_id"] for task in made] == list(expected)
    for task in made:
        right = expected[task["data"]["doc_id"]]
        assert task["data"]["text"] == right.text
        (prediction,) = task["predictions"]
        results = prediction["result"]
        for result in results:
            check_result(result, right.text, config)
        regions = {r["id"]: r for r in results if r["type"] == "labels"}
        assert regions.keys() == right.by_id().keys()
        for result in results:
            if result["type"] == "relation":
                assert {result["from_id"], result["to_id"]} <= regions.keys()
            else:
                place = regions[result["id"]]["value"]
                assert (result["value"]["start"], result["value"]["end"]) == (
                    place["start"], place["end"],
                )  # fmt: skip
        choices = {r["id"]: r["value"]["choices"] for r in results if r["type"] == "choices"}
        assert {k for k, c in choices.items() if "negated" in c} == {
            m.id for m in right.mentions if m.negated
        }


# OMOP

# Name, whether it must be filled, and type or width, of version 5.4 of the model.
NOTE_NLP = (
    ("note_nlp_id", True, "integer"),
    ("note_id", True, "integer"),
    ("section_concept_id", False, "integer"),
    ("snippet", False, 250),
    ("offset", False, 50),
    ("lexical_variant", True, 250),
    ("note_nlp_concept_id", False, "integer"),
    ("note_nlp_source_concept_id", False, "integer"),
    ("nlp_system", False, 250),
    ("nlp_date", True, "date"),
    ("nlp_datetime", False, "date"),
    ("term_exists", False, 1),
    ("term_temporal", False, 50),
    ("term_modifiers", False, 2000),
)


def test_export_omop_has_the_fields_of_the_model(run_dir, tmp_path):
    folder = export(run_dir, "omop", tmp_path / "out")
    with (folder / "note_nlp.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [name for name, _, _ in NOTE_NLP]
    assert len(rows) > 20
    empty = set()
    for (name, required, kind), cells in zip(NOTE_NLP, zip(*rows, strict=True), strict=True):
        if required and not all(cells):
            empty.add(name)
        if kind == "integer":
            assert all(re.fullmatch("[0-9]+", cell) for cell in cells), name
        elif kind == "date":
            assert set(cells) == {""}, name
        else:
            assert max(map(len, cells)) <= kind, name
    # No run knows a date: whoever loads the table fills it in.
    assert empty == {"nlp_date"}


def test_export_omop_has_the_columns_in_order_and_their_widths(run_dir, tmp_path):
    folder = export(run_dir, "omop", tmp_path / "out")
    with (folder / "note_nlp.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "notes.csv").open(encoding="utf-8", newline="") as file:
        notes = {row["note_id"]: row["doc_id"] for row in csv.DictReader(file)}
    documents = read_run(run_dir)
    mentions = [(d, m) for d in documents.values() for m in d.mentions]
    assert tuple(rows[0]) == COLUMNS
    assert list(notes.values()) == list(documents)
    assert [row["note_nlp_id"] for row in rows] == [str(n + 1) for n in range(len(mentions))]
    for row, (document, mention) in zip(rows, mentions, strict=True):
        assert notes[row["note_id"]] == document.doc_id
        assert int(row["offset"]) == mention.start
        assert row["lexical_variant"].lstrip("'") == mention.text[:249].lstrip("'")
        assert row["note_nlp_concept_id"] == row["note_nlp_source_concept_id"] == "0"
        assert row["term_exists"] == "N" or not mention.negated
        assert max(len(row[name]) for name in ("snippet", "lexical_variant", "nlp_system")) <= 250
        curies = re.search("Concept=([^;]*)", row["term_modifiers"])
        assert (curies.group(1).split(",") if curies else []) == [min(c) for c in mention.concepts]
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_export_omop_says_no_of_other_people(nlp, tmp_path):
    texts = {"a": "Your mother had asthma.", "b": "You have no fever. You have a cough."}
    folder = export(annotate(nlp, tmp_path, texts), "omop", tmp_path / "out")
    with (folder / "note_nlp.csv").open(newline="") as file:
        exists = {row["lexical_variant"]: row["term_exists"] for row in csv.DictReader(file)}
    assert exists == {"asthma": "N", "fever": "N", "cough": "Y"}


# JSON lines


def test_export_jsonl_has_all_and_is_a_line_a_document(run_dir, tmp_path):
    path = export(run_dir, "jsonl", tmp_path / "out.jsonl")
    lines = path.read_text(encoding="utf-8").splitlines()
    for line, source in zip(lines, FinishedRun.open(run_dir).documents(), strict=True):
        read = json.loads(line)
        assert (read["doc_id"], read["text"]) == (source.doc_id, source.text)
        assert isinstance(read["metadata"], dict)
        assert len(read["sections"]) == len(source.sections)
        assert len(read["relations"]) == len(source.relations)
        assert sum(len(e["concepts"]) for e in read["entities"]) == len(source.links)
        for entity, row in zip(read["entities"], source.mentions, strict=True):
            assert {**entity, "doc_id": source.doc_id} == {**row, "concepts": entity["concepts"]}


def test_export_jsonl_can_be_annotated_again(hostile, nlp, tmp_path):
    path = export(hostile, "jsonl", tmp_path / "out.jsonl")
    run([path], tmp_path / "again", RunConfig(), lambda: nlp)
    again = read_run(tmp_path / "again")
    assert {k: found(d) for k, d in again.items()} == {
        k: found(d) for k, d in read_run(hostile).items()
    }


# Names


def test_export_file_names_are_unique_and_stay_inside():
    names = FileNames()
    made = [names.of(doc_id) for doc_id in IDS]
    assert len({name.lower() for name in made}) == len(IDS)
    for name in made:
        parts = name.split("/")
        assert "" not in parts
        assert not {".", ".."} & set(parts)
        assert max(map(len, parts)) <= 130
        assert len(name) <= 250
        assert re.fullmatch(r"[A-Za-z0-9 _.~'()+,=@%/-]+", name)
        assert re.match(r"[A-Za-z0-9_%]", name)


def test_export_file_names_do_not_depend_on_luck():
    digested = FileNames().of("a" * 3000)
    names = FileNames()
    assert names.of("flu") == "flu"
    twin = names.of("Flu")
    taken = FileNames()
    assert len({taken.of(name).lower() for name in (twin, "flu", "Flu", digested, "a" * 3000)}) == 5


def test_export_brat_of_hostile_ids_stays_inside_the_folder(tmp_path):
    texts = {doc_id: f"text {number}" for number, doc_id in enumerate(IDS)}
    run_dir = by_hand(tmp_path / "run", texts)
    export(run_dir, "brat", tmp_path / "deep" / "out")
    assert {p.name for p in tmp_path.iterdir()} == {"run", "deep"}
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["out"]
    out = tmp_path / "deep" / "out"
    lines = (out / "documents.tsv").read_bytes().decode().split("\n")[1:-1]
    files = [line.split("\t")[1] for line in lines]
    assert [(out / file).read_text() for file in files] == list(texts.values())
    assert len(list(out.rglob("*.ann"))) == len(IDS)


@pytest.mark.parametrize("to", sorted(FORMATS))
def test_export_of_hostile_ids(tmp_path, to):
    run_dir = by_hand(tmp_path / "run", dict.fromkeys(IDS, "flu\nfever"))
    path = export(run_dir, to, tmp_path / "out")
    if to in ("bioc", "pubtator"):
        documents = {"bioc": read_bioc, "pubtator": read_pubtator}[to](path)
        assert len({d.doc_id for d in documents}) == len(documents) == len(IDS)


# Runs that are empty or damaged


@pytest.mark.parametrize("documents", [{}, {"a": ""}, {"a": "Nothing."}])
@pytest.mark.parametrize("to", sorted(FORMATS))
def test_export_of_nothing(tmp_path, to, documents):
    path = export(by_hand(tmp_path / "run", documents), to, tmp_path / "out")
    assert path.exists()
    if to == "label-studio":
        assert len(json.loads((path / "tasks.json").read_text())) == len(documents)
    if to == "bioc":
        root = defusedxml.ElementTree.parse(path).getroot()
        assert len(root.findall("document/passage")) == len(documents)


def test_export_of_no_run_writes_nothing(tmp_path):
    with pytest.raises(RunError, match="no finished run"):
        export(tmp_path / "run", "jsonl", tmp_path / "deep" / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", sorted(FORMATS))
def test_export_of_a_damaged_run_leaves_nothing_behind(tmp_path, to):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    (run_dir / "relations.parquet").write_bytes(b"PAR1")
    with pytest.raises(RunError, match=r"relations\.parquet"):
        export(run_dir, to, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_export_of_rows_without_their_document_is_an_error(tmp_path):
    section = ("b", 0, "", None, None, 0, 3)
    run_dir = by_hand(tmp_path / "run", {"a": "flu"}, sections=[section])
    with pytest.raises(RunError, match="rows of 'b'"):
        export(run_dir, "jsonl", tmp_path / "out")


# Places


@pytest.mark.parametrize("to", sorted(FORMATS))
def test_export_replaces_an_earlier_one_only_when_told_to(tmp_path, to):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    out = tmp_path / "out"
    export(run_dir, to, out)
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(OutputError, match="--overwrite"):
        export(run_dir, to, out)
    export(run_dir, to, out, overwrite=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize("to", ["brat", "docbin", "label-studio", "omop"])
def test_export_never_replaces_a_folder_of_something_else(tmp_path, to):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    for place in (run_dir, tmp_path):
        with pytest.raises(OutputError, match="other files"):
            export(run_dir, to, place, overwrite=True)
    (tmp_path / "empty").mkdir()
    export(run_dir, to, tmp_path / "empty")


@pytest.mark.parametrize(("to", "what"), [("jsonl", "is no file"), ("brat", "is no folder")])
def test_export_to_a_place_of_another_kind(tmp_path, to, what):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    (tmp_path / "brat").write_text("")
    (tmp_path / "jsonl").mkdir()
    with pytest.raises(OutputError, match=what):
        export(run_dir, to, tmp_path / to, overwrite=True)


def test_export_that_fails_leaves_the_earlier_one(tmp_path):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    out = export(run_dir, "jsonl", tmp_path / "out")
    before = out.read_bytes()
    (run_dir / "links.parquet").unlink()
    with pytest.raises(RunError):
        export(run_dir, "jsonl", out, overwrite=True)
    assert out.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


def test_export_that_cannot_be_moved_in_place_leaves_the_earlier_one(tmp_path, monkeypatch):
    run_dir = by_hand(tmp_path / "run", {"a": "flu", "b/c": "flu"})
    other = by_hand(tmp_path / "other", {"z": "cough"})
    out = export(run_dir, "brat", tmp_path / "out")
    before = {path: path.is_file() and path.read_bytes() for path in out.rglob("*")}
    move, moved = Path.replace, []

    def fail_late(self, target):
        moved.append(target)
        if len(moved) == 7:  # five are there, four are new
            raise OSError(28, "No space left on device")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", fail_late)
    with pytest.raises(OutputError, match="No space left"):
        export(other, "brat", out, overwrite=True)
    assert {path: path.is_file() and path.read_bytes() for path in out.rglob("*")} == before


def test_export_into_the_folder_one_is_in(tmp_path, monkeypatch):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    for overwrite in (False, True):
        export(run_dir, "omop", Path(), overwrite=overwrite)
        assert sorted(p.name for p in Path().iterdir()) == ["note_nlp.csv", "notes.csv"]


def test_export_below_a_file_is_one_line(tmp_path):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    with pytest.raises(OutputError, match="cannot be") as error:
        export(run_dir, "brat", run_dir / "run.json" / "out")
    assert "\n" not in str(error.value)


def test_export_is_the_same_bytes_again(corpus, tmp_path):
    for to in FORMATS:
        one, two = (export(corpus, to, tmp_path / f"{to}{n}") for n in range(2))
        files = [p.relative_to(one) for p in one.rglob("*") if p.is_file()] or [Path()]
        for name in files:
            assert (one / name).read_bytes() == (two / name).read_bytes(), (to, name)


def test_export_reads_the_tables_in_small_batches(hostile, tmp_path, monkeypatch):
    from pipeline.export import documents

    before = export(hostile, "jsonl", tmp_path / "one").read_bytes()
    monkeypatch.setattr(documents, "_BATCH", 3)
    monkeypatch.setattr(documents, "_TEXTS", 1)
    assert export(hostile, "jsonl", tmp_path / "two").read_bytes() == before


# The command


@pytest.mark.parametrize("to", sorted(FORMATS))
def test_export_command_writes_into_the_run(tmp_path, to):
    run_dir = by_hand(tmp_path / "run", {"a": "flu"})
    result = CliRunner().invoke(app, ["export", str(run_dir), "--to", to])
    assert result.exit_code == 0, result.output
    assert (run_dir / FORMATS[to].name).exists()


def test_export_command_refuses_another_format(tmp_path):
    result = CliRunner().invoke(app, ["export", str(tmp_path), "--to", "docx"])
    assert result.exit_code == 2
