from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.jats import read_jats
from pipeline.errors import ArticleError

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving and Interchange DTD v1.2//EN"
 "JATS-archivearticle1.dtd">
"""
ARTICLE = """\
<article xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:mml="http://www.w3.org/1998/Math/MathML"
 xmlns:ali="http://www.niso.org/schemas/ali/1.0/" article-type="review-article" xml:lang="en">
<front><journal-meta><journal-title-group><journal-title>Fevers &amp; Coughs</journal-title>
</journal-title-group></journal-meta><article-meta>
<article-id pub-id-type="pmid">123</article-id><article-id pub-id-type="pmc">456</article-id>
<article-id pub-id-type="doi">10.1/x</article-id><title-group><article-title>Beh&ccedil;et&rsquo;s
 disease: <italic>HLA-B</italic>*51<xref ref-type="fn" rid="f">*</xref></article-title>
<subtitle>A review</subtitle></title-group><contrib-group>
<contrib contrib-type="author"><name><surname>L&#x000f3;pez</surname><given-names>J L</given-names>
</name><xref ref-type="aff" rid="a">1</xref></contrib><contrib contrib-type="author"><collab>The
 Group<contrib-group><contrib><name><surname>X</surname></name></contrib></contrib-group></collab>
</contrib><contrib contrib-type="editor"><name><surname>Ed</surname></name></contrib>
</contrib-group><author-notes><fn><p>Notes.</p></fn></author-notes>
<pub-date pub-type="ppub"><month>12</month><year>2008</year></pub-date>
<pub-date pub-type="epub"><day>1</day><month>Aug</month><year>2008</year></pub-date>
<permissions><license><ali:license_ref>https://example.org/by/4.0/</ali:license_ref>
<license-p>Open.</license-p></license></permissions>
<abstract><title>Abstract</title><sec><title>Background</title><p>Fever is common.</p></sec>
</abstract><abstract abstract-type="graphical"><p>Picture</p></abstract>
<abstract abstract-type="plain-language-summary"><p>People have ulcers.</p></abstract>
<kwd-group><kwd>ulcers</kwd><kwd><italic>HLA</italic></kwd></kwd-group></article-meta></front>
<body><p>Intro.</p><sec><label>1.</label><title>Symptoms</title>
<p>They are: <list><list-item><label>•</label><p>oral ulcers</p><p>often painful</p></list-item>
<list-item><p>eyes:</p><list><list-item><p>uveitis</p></list-item></list></list-item></list>
and that is all, <inline-formula><mml:math><mml:mi>x</mml:mi></mml:math></inline-formula>surely.</p>
<def-list><def-item><term>BD</term><def><p>a disease</p></def></def-item></def-list>
<boxed-text><caption><title>Key points</title></caption><p>Box.</p></boxed-text>
<disp-quote><p>I was ill.</p></disp-quote>
<table-wrap><label>Table 1</label><caption><title>Signs</title><p>As n (%).</p></caption><table>
<thead><tr><th>Sign</th><th colspan="2">Share<xref ref-type="table-fn" rid="q"><sup>a</sup></xref>
</th></tr></thead><tbody><tr><td>Fever</td><td>5 (<italic>3</italic>%)</td><td/></tr>
<tr><td><list><list-item><p>cough</p></list-item><list-item><p>rash</p></list-item></list></td>
<td>1</td><td>2</td></tr><tr><td/><td/></tr></tbody></table>
<table-wrap-foot><fn id="q"><label>a</label><p>Of all.</p></fn></table-wrap-foot></table-wrap>
<fig><label>Fig. 1.</label><caption><p>An ulcer <bold>(a)</bold>.</p></caption><graphic/></fig>
<sec><title>Nested</title><p>Deep.</p></sec></sec>
<sec sec-type="COI-statement"><title>Conflict</title><p>No one.</p></sec></body>
<back><ack><p>Thanks.</p></ack><app-group><app><title>Appendix</title><sec><title>More</title>
<p>Appended.</p></sec></app></app-group><ref-list><title>References</title><ref><mixed-citation>Ref
</mixed-citation></ref></ref-list></back>
<floats-group><table-wrap><label>Table 2:</label><caption><p>Floating</p></caption>
<alternatives><graphic/><table><tr><td>A</td><td>B</td></tr></table></alternatives></table-wrap>
</floats-group><sub-article><body><p>Reply.</p></body></sub-article></article>
"""


def read(text, max_chars=100_000):
    return read_jats(text.encode(), "a.xml", max_chars)


def blocks(content):
    return [(b.kind, content.text[b.start : b.end].removeprefix("- ")) for b in content.blocks]


def body(inside):
    return f"<article><body>{inside}</body></article>"


def prose(inside):
    return read(HEAD + body(f"<p>{inside}</p>")).text


def test_jats_article_gives_its_blocks_in_reading_order():
    title = "Behçet’s disease: HLA-B*51: A review"
    assert blocks(read(HEAD + ARTICLE)) == [
        ("HEADING", title),
        ("HEADING", "Abstract"),
        ("HEADING", "Background"),
        ("PARAGRAPH", "Fever is common."),
        ("PARAGRAPH", "People have ulcers."),
        ("PARAGRAPH", "Intro."),
        ("HEADING", "Symptoms"),
        ("PARAGRAPH", "They are:"),
        ("ITEM", "oral ulcers often painful"),
        ("ITEM", "eyes:"),
        ("ITEM", "uveitis"),
        ("PARAGRAPH", "and that is all, surely."),
        ("ITEM", "BD: a disease"),
        ("HEADING", "Key points"),
        ("PARAGRAPH", "Box."),
        ("PARAGRAPH", "I was ill."),
        ("PARAGRAPH", "Table 1. Signs"),
        ("PARAGRAPH", "As n (%)."),
        ("ROW", "Sign | Share"),
        ("ROW", "Fever | 5 (3%) |"),
        ("ROW", "cough; rash | 1 | 2"),
        ("PARAGRAPH", "Of all."),
        ("PARAGRAPH", "Fig. 1. An ulcer (a)."),
        ("HEADING", "Nested"),
        ("PARAGRAPH", "Deep."),
        ("HEADING", "Appendix"),
        ("HEADING", "More"),
        ("PARAGRAPH", "Appended."),
        ("PARAGRAPH", "Table 2: Floating"),
        ("ROW", "A | B"),
    ]


def test_jats_metadata_names_what_the_file_has():
    content = read(HEAD + ARTICLE)
    assert content.title == "Behçet’s disease: HLA-B*51: A review"
    assert content.metadata == {
        "author": "J L López; The Group",
        "date": "2008-08-01",
        "journal": "Fevers & Coughs",
        "keywords": "ulcers; HLA",
        "language": "en",
        "license": "https://example.org/by/4.0/",
        "article_type": "review-article",
        "pmid": "123",
        "pmcid": "PMC456",
        "doi": "10.1/x",
    }
    bare = read(body("<p>x</p>"))
    assert (bare.title, bare.metadata) == ("", {})


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("<pmc-articleset>", "</pmc-articleset>"),
        ('<OAI-PMH xmlns="http://x/"><record><metadata>', "</metadata></record></OAI-PMH>"),
        ('\n <?xml version="1.0"?><!-- x -->', ""),
        ("\ufeff", ""),
    ],
)
def test_jats_wrapped_article_is_the_same(before, behind):
    assert read(f"{before}{ARTICLE}{behind}") == read(HEAD + ARTICLE)


BIBR = '<xref ref-type="bibr" rid="b">{}</xref>'
ONE, TWO, NAME = BIBR.format("1"), BIBR.format("2"), BIBR.format("Smith et al., 2010")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Fever [{ONE}].", "Fever."),
        (f"Fever [{ONE}, {TWO}] and rash", "Fever and rash"),
        (f"Fever [{ONE}\u2013{TWO}, 7], rash", "Fever, rash"),
        (f"Fever [{ONE}],[{TWO}] ends", "Fever ends"),
        (f"Fever<sup>{ONE},{TWO}</sup> is", "Fever is"),
        (f"Fever,<sup>{ONE}\u20134</sup> rash.<sup>[{TWO}]</sup>", "Fever, rash."),
        (f"Fever {BIBR.format('[1]')} is", "Fever is"),
        (f"Fever{BIBR.format('<sup>1</sup>')}, rash", "Fever, rash"),
        (f"Fever ({NAME}; {NAME}).", "Fever."),
        (f"Fever (see also {NAME}).", "Fever."),
        (f"Fever (e.g. [{ONE}]).", "Fever."),
        (f"As {BIBR.format('Smith (2010)')} found", "As Smith (2010) found"),
        (f"Fever (Moser {BIBR.format('2014')})", "Fever (Moser 2014)"),
        (f"Aged (54.2 [{ONE}])", "Aged (54.2)"),
        (f"Fever (5%; {ONE})", "Fever (5%)"),
        (f"Fever ({ONE}; 5%)", "Fever (5%)"),
        ('See <xref ref-type="fig" rid="f">Fig. 1</xref> (x)', "See Fig. 1 (x)"),
        ("T<sub>4</sub> at 10<sup>9</sup>/L, <bold>b</bold>ad", "T4 at 109/L, bad"),
        ("one<break/>two", "one two"),
        ("a &lt;b&gt; &#x3b2;&nbsp;&beta;", "a <b> β β"),
        ("so <disp-formula><tex-math>x^2</tex-math></disp-formula> it is", "so it is"),
        ("so<fn><p>note</p></fn> it is<!-- c --> so<?pi x?>", "so it is so"),
    ],
)
def test_jats_inline_text_keeps_words_and_leaves_out_marks(text, expected):
    assert prose(text) == expected


def test_jats_list_item_of_blocks_keeps_its_order():
    items = "<list-item><p>a</p><list><list-item><p>b</p></list-item></list><p>c</p></list-item>"
    assert [t for _, t in blocks(read(body(f"<list>{items}</list>")))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("<year>2008</year>", "2008"),
        ("<year>2008</year><month>2</month>", "2008-02"),
        ("<year>2008</year><month>December</month><day>3</day>", "2008-12-03"),
        ("<year>2008</year><season>Spring</season><day>3</day>", "2008"),
        ("<year>2008</year><month>13</month>", "2008"),
        ("<year>MMVIII</year>", None),
    ],
)
def test_jats_date_is_iso_as_far_as_known(date, expected):
    front = f"<front><article-meta><pub-date>{date}</pub-date></article-meta></front>"
    assert read(f"<article>{front}</article>").metadata.get("date") == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not readable XML"),
        ("fever", "not readable XML"),
        ("<article><body>", "not readable XML"),
        ("<article><body><p>&madeup;</p></body></article>", "madeup"),
        ('<?xml version="1.0" encoding="nonsense"?><article><body/></article>', "readable XML"),
        ('<!DOCTYPE a [<!ENTITY e "x">]><article><body>&e;</body></article>', "EntitiesForbidden"),
        ('<!DOCTYPE a [<!ENTITY % e SYSTEM "x"> %e;]><article><body/></article>', "Entities"),
        ("<collection/>", "no JATS article"),
        ("<article><para>DocBook</para></article>", "no JATS article"),
        ("<set><article><body/></article><article><body/></article></set>", "2 articles"),
        (body("<sec>" * 100_000 + "</sec>" * 100_000), "nested too deep"),
        (body("<p>" + "<b>" * 100_000 + "</b>" * 100_000 + "</p>"), "nested too deep"),
    ],
)
def test_jats_that_cannot_be_read_raises_one_line(text, why):
    with pytest.raises(ArticleError, match=why) as caught:
        read(text)
    assert str(caught.value).startswith("a.xml: ")
    assert "\n" not in str(caught.value)


def test_jats_too_long_raises_while_it_is_read():
    text = body("<p>fever</p>" * 10)
    assert len(read(text, max_chars=68).text) == 68
    with pytest.raises(ArticleError, match=r"68 characters are more than .*67"):
        read(text, max_chars=67)


def check(data):
    try:
        content = read_jats(data, "a.xml", 100_000)
    except ArticleError as error:
        assert "\n" not in str(error)
        return False
    end = 0
    for block in content.blocks:
        assert end <= block.start < block.end
        piece = content.text[block.start : block.end]
        assert piece == piece.strip()
        end = block.end
    assert not set("\x00\x02\x03") & set(content.text)
    return True


def test_jats_damaged_file_raises_nothing_else():
    data = (HEAD + ARTICLE).encode()
    rng = random.Random(7)
    read_anyway = 0
    for _ in range(400):
        broken = bytearray(data)
        for _ in range(rng.randint(1, 3)):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        read_anyway += check(bytes(broken))
        assert not check(data[: rng.randrange(len(data) - 1)])
    assert 0 < read_anyway < 400


TAGS = (
    "p", "sec", "title", "list", "list-item", "table-wrap", "caption", "label", "table",
    "tr", "td", "sup", "italic", "fn", "def-item", "term", 'xref ref-type="bibr"',
)  # fmt: skip
PIECES = st.recursive(
    st.text("fever [(1,2)]; \x85\xa0é", max_size=9),
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(TAGS),
        st.lists(inner, max_size=4),
    ),
    max_leaves=25,
)


@settings(deadline=None, max_examples=200)
@given(PIECES)
def test_jats_any_nesting_of_elements_is_read(inside):
    assert check(body(inside).encode())


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=60), st.booleans())
def test_jats_any_bytes_raise_nothing_else(data, framed):
    check(b"<article><body>" + data + b"</body></article>" if framed else data)
