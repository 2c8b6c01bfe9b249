from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.articles.html import read_html
from pipeline.errors import ArticleError

# What is no content has the word NOISE in it.
TOP = """\
<div id="onetrust-banner" class="cookie-consent"><h2>Your privacy</h2>
<p>NOISE We use cookies to give you the best experience on our website.</p>
<button>Accept</button></div>
<header class="site-header"><a href="/" class="logo">NOISE HealthSite</a><nav><ul><li><a
href="/a">NOISE Conditions</a>
</li><li><a href="/b">NOISE Drugs</a></li></ul></nav></header>
<div class="breadcrumbs"><a href="/">NOISE Home</a> &gt; <a href="/c">NOISE Conditions</a>
</div>
"""
END = """\
<section class="related-articles"><h2>Related articles</h2><ul><li><a href="/x">NOISE Asthma
in children explained</a>
</li><li><a href="/y">NOISE How to live with chronic migraine every day</a></li></ul>
</section>
<div class="newsletter-signup"><h3>Sign up to our newsletter</h3><form>
<p>NOISE Get the latest health news in your inbox every week.</p><input><button>NOISE Go
</button></form></div>
<footer>
<p>NOISE Copyright 2024 HealthSite. All rights reserved. The content is for information only.
</p><ul><li><a href="/p">NOISE Privacy</a></li></ul></footer>
"""


def _page(title, body, charset="utf-8"):
    return (
        f'<!doctype html><html lang="en"><head><meta charset={charset}><title>{title} - HealthSite'
        f'</title></head><body class="with-sidebar">{TOP}{body}{END}</body></html>'
    )


def _read(page, max_chars=2_000_000):
    data = page if isinstance(page, bytes) else page.encode()
    return read_html(data, "page.html", max_chars)


def _blocks(content):
    return [(b.kind[0], content.text[b.start : b.end].removeprefix("- ")) for b in content.blocks]


PAGES = {
    "flu": (
        _page(
            "Flu",
            """\
<main><article><h1>Flu</h1><div class="byline">NOISE By <a href="/j">Jane Doe</a></div>
<div class="share-buttons"><a href="#">NOISE Facebook</a><a href="#">NOISE Twitter</a>
</div>
<p>Flu is common.</p><div class="toc"><h2>In this article</h2><ul><li><a href="#s">NOISE
Symptoms</a>
</li></ul></div>
<h2 id="s">Symptoms</h2><p>They come fast:</p><ul><li>fever</li><li>cough<ul>
<li>dry cough</li><li>wet cough</li></ul></li><li><a href="/headache">headache</a></li>
</ul>
<div class="ad-slot"><p>Advertisement</p>
<p>NOISE Buy our vitamins today and feel great again!</p></div>
<p>Rest.</p><p>Drink water.</p><p>Rest.</p>
<h2>Causes</h2>A virus causes it.<br><br>It spreads by <b>cough</b>ing and <em>sneez</em>ing.
<aside class="callout"><p>Call 999 if you cannot breathe.</p></aside>
<aside class="sidebar"><p>NOISE Popular posts of the week from us</p></aside></article>
</main>
""",
        ),
        [
            ("H", "Flu"),
            ("P", "Flu is common."),
            ("H", "Symptoms"),
            ("P", "They come fast:"),
            ("I", "fever"),
            ("I", "cough"),
            ("I", "dry cough"),
            ("I", "wet cough"),
            ("I", "headache"),
            ("P", "Rest."),
            ("P", "Drink water."),
            ("P", "Rest."),
            ("H", "Causes"),
            ("P", "A virus causes it."),
            ("P", "It spreads by coughing and sneezing."),
            ("P", "Call 999 if you cannot breathe."),
        ],
    ),
    "links": (
        _page(
            "Causes of leg pain",
            """\
<div id="wrap"><div class="page-content"><h1>Causes of leg pain</h1>
<p>Many conditions cause leg pain.</p><ul><li><a href="/sciatica">Sciatica</a></li><li><a
href="/dvt">Deep vein thrombosis</a>
</li><li><a href="/pad">Peripheral artery disease</a></li><li><a href="/g">Gout</a></li>
</ul><h2>When to see a doctor</h2><p>If it hurts.</p><dl><dt>Cramp</dt>
<dd>a sudden tightening</dd><dt>Numbness</dt><dd>a loss of feeling</dd></dl></div></div>
""",
        ),
        [
            ("H", "Causes of leg pain"),
            ("P", "Many conditions cause leg pain."),
            ("I", "Sciatica"),
            ("I", "Deep vein thrombosis"),
            ("I", "Peripheral artery disease"),
            ("I", "Gout"),
            ("H", "When to see a doctor"),
            ("P", "If it hurts."),
            ("I", "Cramp: a sudden tightening"),
            ("I", "Numbness: a loss of feeling"),
        ],
    ),
    "faq": (
        _page(
            "FAQ on migraine",
            """\
<div class="content"><h1>Migraine: your questions</h1><details>
<summary>What is migraine?</summary><p>Migraine is a strong headache.</p></details>
<details><summary>Can it cause nausea?</summary><p>Yes.</p>
<p>It can cause nausea and vomiting.</p></details>
<div class="accordion"><h3><button aria-controls="p1">What triggers it?</button></h3>
<div id="p1" hidden><p>Stress and red wine trigger it.</p></div></div>
<dl class="faq"><dt>Is it inherited?</dt><dd>Often.</dd></dl></div>
""",
        ),
        [
            ("H", "Migraine: your questions"),
            ("H", "What is migraine?"),
            ("P", "Migraine is a strong headache."),
            ("H", "Can it cause nausea?"),
            ("P", "Yes."),
            ("P", "It can cause nausea and vomiting."),
            ("H", "What triggers it?"),
            ("P", "Stress and red wine trigger it."),
            ("H", "Is it inherited?"),
            ("P", "Often."),
        ],
    ),
    "table": (
        _page(
            "Cold or flu",
            """\
<main id="content"><h1>Cold or flu?</h1><table><caption>How they differ</caption><thead>
<tr><th>Sign</th><th>Cold</th><th>Flu</th></tr></thead><tbody><tr><td>Fever</td><td>rare
</td><td>usual<br>high</td></tr><tr><td>Aches</td><td></td><td><ul><li>muscles</li>
<li>joints</li></ul></td></tr></tbody></table></main>
""",
        ),
        [
            ("H", "Cold or flu?"),
            ("P", "How they differ"),
            ("R", "Sign | Cold | Flu"),
            ("R", "Fever | rare | usual high"),
            ("R", "Aches | | muscles; joints"),
        ],
    ),
    "soup": (
        _page(
            "Lupus",
            """\
<div class="a1"><div class="b2"><div class="c3">Lupus</div>
<div class="d">Lupus is a disease in which the immune system attacks healthy tissue in many
parts of the body, among them the skin, joints and kidneys.
</div><div class="e">Signs</div><div class="f">A rash on the cheeks.<br>- tiredness<br>- hair
loss<br>- mouth sores
</div>
<div>Joint pain is common, and so is a low fever that comes and goes for weeks without an
infection.
</div></div></div><div class="rail"><div><a href="/1">NOISE 10 foods to eat</a></div>
<div><a href="/2">NOISE 5 ways to sleep better tonight</a></div></div>
""",
        ),
        [],
    ),
    "teasers": (
        _page(
            "Asthma",
            """\
<main><article class="post"><header><h1>Asthma</h1>
<p class="meta">NOISE Last updated 3 May 2024</p></header><p>Asthma<sup><a
href="#r1">1</a></sup> makes it hard to breathe, with wheezing and a tight chest<sup>[<a
href="#r2">2</a>]</sup>.
</p><h4>Read more: Asthma inhalers</h4><p>It often starts in child&shy;hood.</p>
<div class="author-box"><h3>About the author</h3>
<p>NOISE Dr Smith is a physician who has written about lungs for twenty years in London.
</p></div></article>
<div class="cards"><article class="card"><h3><a href="/q">NOISE COPD</a></h3>
<p>NOISE Learn about COPD and how it is treated.</p></article></div>
<div id="comments"><h3>3 Comments</h3>
<p>NOISE My uncle had this for years and he got better with rest.</p></div></main>
""",
        ),
        [
            ("H", "Asthma"),
            ("P", "Asthma makes it hard to breathe, with wheezing and a tight chest."),
            ("P", "It often starts in childhood."),
        ],
    ),
    "aspnet": (
        "<html><head><title>Mumps</title></head><body><form id='aspnetForm'>"
        + TOP
        + """\
<div class="slide"><h1>Mumps</h1>
<p>Mumps makes the glands at the side of the face swell.</p><div class="expand">
<p>Fever and headache come first.</p></div><p class="meta-note">See a GP.</p></div>
"""
        + "</form>"
        + END
        + "</body></html>",
        [
            ("H", "Mumps"),
            ("P", "Mumps makes the glands at the side of the face swell."),
            ("P", "Fever and headache come first."),
            ("P", "See a GP."),
        ],
    ),
    "nhs": (
        """\
<!doctype html><html lang=en-GB><head><meta charset=utf-8><title>Shingles - NHS</title>
<meta property="og:url" content="https://x.org/shingles">
<script
type="application/ld+json">{"@type":"MedicalWebPage","dateModified":"2023-01-02","author":{"@type":"Organization","name":"Health
Org"}}
</script></head><body class="js-enabled">
<div id="nhsuk-cookie-banner"><div class="nhsuk-cookie-banner">
<h2>Cookies on the NHS website</h2>
<p>NOISE We have put some small files called cookies on your device.</p><ul><li><a
href="#">NOISE I'm OK with cookies</a>
</li></ul></div></div>
<a class="nhsuk-skip-link" href="#maincontent">NOISE Skip to main content</a>
<header class="nhsuk-header" role="banner"><form><input></form><nav><ul><li><a href="/h">NOISE
Health A-Z</a>
</li></ul></nav></header>
<nav class="nhsuk-breadcrumb"><ol><li><a>NOISE Home</a></li></ol></nav>
<div class="nhsuk-width-container">
<main class="nhsuk-main-wrapper" id="maincontent" role="main"><h1>Shingles</h1>
<p>Shingles is an infection that causes a painful rash. Get advice from 111 as soon as
possible if you think you have it.
</p>
<section><h2>Check if you have shingles</h2><p>The first signs of shingles can be:</p>
<ul><li>a tingling or painful feeling in an area of skin</li>
<li>a headache or feeling generally unwell</li></ul>
<p>A rash will appear a few days later.</p>
<div class="nhsuk-details"><details class="nhsuk-expander">
<summary class="nhsuk-details__summary"><span>More about the rash</span></summary>
<div class="nhsuk-details__text"><p>The rash is only on one side.</p></div></details>
</div></section>
<div class="nhsuk-care-card nhsuk-care-card--urgent">
<div class="nhsuk-care-card__heading-container"><h3><span role="text">
<span class="nhsuk-u-visually-hidden">Urgent advice: </span>Get advice from 111 if:
</span></h3></div><div class="nhsuk-care-card__content"><ul>
<li>you have a weakened immune system</li><li>the rash is around your <b>eyes</b> or nose
</li></ul></div></div>
<div class="nhsuk-warning-callout"><h3>Important</h3><p>Avoid pregnant women.</p></div>
<div class="nhsuk-inset-text"><p>You cannot get shingles from chickenpox.</p></div>
<figure><img src=a.jpg><figcaption>Shingles on the chest.</figcaption></figure>
<div class="nhsuk-grid-row"><div class="nhsuk-review-date">
<p class="nhsuk-body-s">Page last reviewed: 2 January 2023<br>Next review due: 2 January 2026
</p></div></div>
</main></div><footer role="contentinfo"><div class="nhsuk-footer"><ul><li><a>NOISE About
us</a>
</li></ul><p>NOISE Crown copyright</p></div></footer></body></html>
""",
        [
            ("H", "Shingles"),
            (
                "P",
                "Shingles is an infection that causes a painful rash. Get advice from "
                "111 as soon as possible if you think you have it.",
            ),
            ("H", "Check if you have shingles"),
            ("P", "The first signs of shingles can be:"),
            ("I", "a tingling or painful feeling in an area of skin"),
            ("I", "a headache or feeling generally unwell"),
            ("P", "A rash will appear a few days later."),
            ("H", "More about the rash"),
            ("P", "The rash is only on one side."),
            ("H", "Urgent advice: Get advice from 111 if:"),
            ("I", "you have a weakened immune system"),
            ("I", "the rash is around your eyes or nose"),
            ("H", "Important"),
            ("P", "Avoid pregnant women."),
            ("P", "You cannot get shingles from chickenpox."),
            ("P", "Shingles on the chest."),
        ],
    ),
    "wp": (
        """\
<!DOCTYPE html><html lang="en-US"><head><meta charset="UTF-8">
<title>7 Signs of Anemia You Should Not Ignore | Wellness Daily</title>
<meta name="author" content="Mary Lee">
<meta property="article:published_time" content="2022-05-06T10:00:00+00:00"></head>
<body class="post-template-default single elementor-default">
<div id="page" class="site"><header id="masthead" class="site-header">
<div class="site-branding"><p class="site-title"><a href="/">NOISE Wellness Daily</a>
</p></div><div class="main-navigation"><div class="menu-main-container">
<ul id="primary-menu" class="menu"><li class="menu-item"><a>NOISE Fitness</a></li></ul>
</div></div></header>
<div id="content" class="site-content"><div id="primary" class="content-area">
<div class="elementor-widget-container">
<article id="post-12" class="post type-post tag-anemia category-blood">
<header class="entry-header">
<h1 class="entry-title">7 Signs of Anemia You Should Not Ignore</h1>
<div class="entry-meta"><span class="posted-on">NOISE Posted on May 6, 2022</span>
<span class="byline">NOISE by Mary Lee</span></div></header>
<div class="entry-content"><div class="sharedaddy sd-sharing-enabled"><ul><li><a>NOISE Click
to share on Facebook</a>
</li></ul></div>
<p>Feeling tired all the time? Anemia may be the reason, since it leaves your body short of
red blood cells.
</p>
<div class="code-block code-block-1" style="margin:8px 0">
<div id="div-gpt-ad-1" class="adsbygoogle"></div><span>ADVERTISEMENT</span></div>
<h2><span id="1_Fatigue">1. Fatigue</span></h2><p>Fatigue is the most common sign.</p>
<h2>2. Pale skin</h2><p>Look at the inside of your lower eyelids.</p>
<div id="toc_container" class="toc_light_blue no_bullets"><p class="toc_title">Contents
</p><ul class="toc_list"><li><a href="#1_Fatigue">NOISE Fatigue</a></li></ul></div>
<h2>3. Shortness of breath</h2><p>Climbing stairs leaves you breathless. <a href="/x">See also
our guide to asthma</a>.
</p>
<p><strong>Related: </strong><a href="/zz">NOISE 10 foods rich in iron you can eat today</a>
</p>
<blockquote class="wp-block-quote"><p>I could not walk up the hill any more.</p>
</blockquote>
<h2>The bottom line</h2><p>See a doctor.</p>
<div class="wp-block-group newsletter-box">
<p>NOISE Subscribe for weekly tips from our editors.</p></div>
</div><footer class="entry-footer"><span class="cat-links">NOISE Posted in Blood</span>
</footer></article>
<div class="author-bio"><h2 class="author-title">Mary Lee</h2>
<p>NOISE Mary is a nurse and writer who lives in Ohio with two cats and a dog.</p></div>
<div id="jp-relatedposts" class="jp-relatedposts"><h3>Related</h3>
<p>NOISE What is vitamin B12?</p></div>
<div id="comments" class="comments-area">
<h2 class="comments-title">2 thoughts on “7 Signs”</h2><ol class="comment-list">
<li class="comment">
<p>NOISE Great post, I had these signs for months and it was my thyroid.</p></li></ol>
<div id="respond"><h3>Leave a Reply</h3><form>
<p>NOISE Your email address will not be published.</p></form></div></div>
</div></div><aside id="secondary" class="widget-area"><section class="widget">
<h2 class="widget-title">Recent Posts</h2><ul><li><a>NOISE Best yoga for back pain</a>
</li></ul></section></aside></div>
<footer id="colophon" class="site-footer">NOISE Proudly powered by WordPress</footer>
</div></body></html>
""",
        [
            ("H", "7 Signs of Anemia You Should Not Ignore"),
            (
                "P",
                "Feeling tired all the time? Anemia may be the reason, since it leaves "
                "your body short of red blood cells.",
            ),
            ("H", "1. Fatigue"),
            ("P", "Fatigue is the most common sign."),
            ("H", "2. Pale skin"),
            ("P", "Look at the inside of your lower eyelids."),
            ("H", "3. Shortness of breath"),
            ("P", "Climbing stairs leaves you breathless. See also our guide to asthma."),
            ("P", "I could not walk up the hill any more."),
            ("H", "The bottom line"),
            ("P", "See a doctor."),
        ],
    ),
    "react": (
        """\
<html><head><title>Sciatica: Symptoms &amp; Causes</title></head><body><div id="__next">
<div class="css-1abc"><div class="css-nav"><a href="/">NOISE Site</a><a href="/t">NOISE
Topics</a>
</div></div>
<div class="css-main"><div class="css-0"><h1 class="css-h">Sciatica</h1>
<div class="css-by">Medically reviewed by <a href="/d">Dan Roe, MD</a></div></div>
<section class="css-sec">
<div class="css-p1">Sciatica is pain that runs from your lower back down your leg. It comes
from pressure on the sciatic nerve and often gets better on its own in a few weeks.
</div></section>
<section class="css-sec"><h2>Symptoms</h2><div>Pain.</div><div>Numbness.</div>
<div role="list"><div role="listitem">tingling in the foot</div>
<div role="listitem">weak leg</div></div></section>
<section class="css-sec"><h2>Causes</h2><div><span>A herniated disk</span>
<span>is the usual cause.</span></div><table role="presentation"><tr><td>
<h3>Spinal stenosis</h3><p>The canal is narrow.</p></td></tr></table></section>
<section class="css-rel"><h2>Related Articles</h2><div><a href="/1">NOISE Back pain in
pregnancy</a>
</div><div><a href="/2">NOISE Hip pain</a></div></section>
<section><h2>Was this article helpful?</h2><div>NOISE Yes No</div></section></div>
<div class="css-foot"><div>NOISE © 2024 Site Inc.</div><a href="/p">NOISE Privacy policy</a>
</div></div></body></html>
""",
        [
            ("H", "Sciatica"),
            (
                "P",
                "Sciatica is pain that runs from your lower back down your leg. It "
                "comes from pressure on the sciatic nerve and often gets better on its "
                "own in a few weeks.",
            ),
            ("H", "Symptoms"),
            ("P", "Pain."),
            ("P", "Numbness."),
            ("I", "tingling in the foot"),
            ("I", "weak leg"),
            ("H", "Causes"),
            ("P", "A herniated disk is the usual cause."),
            ("H", "Spinal stenosis"),
            ("P", "The canal is narrow."),
        ],
    ),
    "old": (
        """\
<HTML><HEAD><TITLE>Measles</TITLE></HEAD><BODY BGCOLOR=#ffffff><TABLE WIDTH=100%><TR>
<TD WIDTH=150><A HREF=/>NOISE Home</A><BR><A HREF=/a>NOISE Articles</A><BR><A HREF=/l>NOISE
Links</A>
</TD><TD><FONT SIZE=5>Measles</FONT>
<P>Measles is a very infectious viral illness that begins with a fever and a runny nose,
followed by a red rash over the whole body.
<P>It spreads in the air.<UL><LI>Fever<LI>Rash</UL><TABLE BORDER=1><TR><TD>Day 1
<TD>fever<TR><TD>Day 4<TD>rash</TABLE></TD></TR></TABLE><CENTER>NOISE Copyright 1999 by
us</CENTER>
</BODY></HTML>
""",
        [
            ("P", "Measles"),
            (
                "P",
                "Measles is a very infectious viral illness that begins with a fever "
                "and a runny nose, followed by a red rash over the whole body.",
            ),
            ("P", "It spreads in the air."),
            ("I", "Fever"),
            ("I", "Rash"),
            ("R", "Day 1 | fever"),
            ("R", "Day 4 | rash"),
        ],
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_html_reader_keeps_all_content_and_nothing_else(name):
    page, blocks = PAGES[name]
    assert _blocks(_read(page)) == blocks


@pytest.mark.parametrize("name", PAGES)
def test_html_reader_reads_the_same_page_the_same_way(name):
    page, _ = PAGES[name]
    assert _read(page) == _read(page)


@pytest.mark.parametrize(
    ("page", "blocks"),
    [
        ("<h1>Scabies</h1><p>Scabies itches.", [("H", "Scabies"), ("P", "Scabies itches.")]),
        ("<ul><li>fever<li>cough</ul>", [("I", "fever"), ("I", "cough")]),
        ("<table><tr><th>Flu<td>fever</table>", [("R", "Flu | fever")]),
        ("just text", [("P", "just text")]),
        ("<p>cough<b>ing</b> hard", [("P", "coughing hard")]),
        ("<p>child&shy;hood", [("P", "childhood")]),
        ("<p>one<br>two<br><br>three", [("P", "one two"), ("P", "three")]),
        ("<p>Signs:<br>• fever<br>• cough", [("P", "Signs:"), ("I", "fever"), ("I", "cough")]),
        (
            "<ul><li>cough<ul><li>dry</ul>and more<li>fever</ul>",
            [("I", "cough"), ("I", "dry"), ("I", "and more"), ("I", "fever")],
        ),
        (
            "<dl><dt>Cramp<dd>a tightening<dd>pain</dl>",
            [("I", "Cramp: a tightening"), ("I", "pain")],
        ),
        ("<dl><dt>Cramp<dd><p>It is bad.</dl>", [("H", "Cramp"), ("P", "It is bad.")]),
        ("<p>Gout<sup><a href=#1>[1]</a></sup> hurts.", [("P", "Gout hurts.")]),
        ("<p>10<sup>9</sup> cells", [("P", "109 cells")]),
        ("<p>a<p style='display: none'>b<p hidden>c<template>d</template>", [("P", "a")]),
        ("<p>x<script>b</script><style>c</style>y", [("P", "xy")]),
        ("<p>a<!-- b -->c", [("P", "ac")]),
        ("<div role=heading>Flu</div><p>Bad.", [("H", "Flu"), ("P", "Bad.")]),
        ("<table><tr><td>a<td><td>b<tr><td><td></table>", [("R", "a | | b")]),
        ("<h2>A</h2><h1>Flu</h1><p>Bad.", [("H", "Flu"), ("H", "A"), ("P", "Bad.")]),
    ],
)
def test_html_reader_makes_blocks(page, blocks):
    assert _blocks(_read(f"<html><body>{page}</body></html>")) == blocks


@pytest.mark.parametrize("part", ["<p>Rest.</p>", "<ul><li><a href=/x>Gout</a></li></ul>"])
def test_html_reader_keeps_repeated_and_linked_blocks(part):
    long = "<p>Sciatica is pain that runs from the back down the leg, often for some weeks.</p>"
    page = _page("Legs", f"<main><h1>Legs</h1>{part}{long}{part}{long}</main>")
    assert len(_blocks(_read(page))) == 5


@pytest.mark.parametrize(
    ("heading", "is_kept"),
    [
        ("Related articles", False),
        ("You may also like", False),
        ("Share this page", False),
        ("About the author", False),
        ("Related conditions", True),
        ("More symptoms", True),
        ("About gout", True),
    ],
)
def test_html_reader_leaves_out_parts_by_their_heading(heading, is_kept):
    main = f"<h1>Gout</h1><p>Gout hurts.</p><h2>{heading}</h2><ul><li><a href=/x>Lupus</a></ul>"
    text = _read(_page("Gout", f"<main>{main}<h2>Causes</h2><p>Uric acid.</p></main>")).text
    assert ("Lupus" in text, heading in text) == (is_kept, is_kept)
    assert "Uric acid." in text


def test_html_reader_has_the_heading_once_though_it_stands_outside_the_content():
    page = "<header><h1>Gout</h1></header><main><h1>Gout</h1><p>Gout hurts.</p></main>"
    assert _blocks(_read(page)) == [("H", "Gout"), ("P", "Gout hurts.")]


def test_html_reader_reads_the_metadata():
    content = _read(PAGES["wp"][0])
    assert content.title == "7 Signs of Anemia You Should Not Ignore"
    assert content.metadata["author"] == "Mary Lee"
    assert content.metadata["date"] == "2022-05-06"
    assert content.metadata["language"] == "en-US"


TEXT = "Ménière’s disease – vertigo"


@pytest.mark.parametrize(
    "data",
    [
        f"<meta charset=utf-8><p>{TEXT}".encode(),
        f"<p>{TEXT}".encode(),
        f"<p>{TEXT}".encode("utf-8-sig"),
        f"<p>{TEXT}".encode("utf-16"),
        f"<meta charset=windows-1252><p>{TEXT}".encode("cp1252"),
        f"<meta charset='iso-8859-1'><p>{TEXT}".encode("cp1252"),
        f"<meta http-equiv=Content-Type content='text/html; charset=windows-1252'><p>{TEXT}".encode(
            "cp1252"
        ),
        f"<?xml version='1.0' encoding='windows-1252'?><html><body><p>{TEXT}".encode("cp1252"),
        # Saved anew as UTF-8 with its old declaration.
        f"<meta charset=windows-1252><p>{TEXT}".encode(),
    ],
)
def test_html_reader_finds_the_encoding(data):
    assert _read(data).text == TEXT


def test_html_reader_reads_around_one_bad_byte():
    data = f"<meta charset=utf-8><p>{TEXT} ".encode() + b"\xff and tinnitus"
    assert _read(data).text == f"{TEXT} \ufffd and tinnitus"


def test_html_reader_expands_no_entities():
    names = "".join(f'<!ENTITY a{i} "&a{i - 1};&a{i - 1};">' for i in range(1, 60))
    page = f"<!DOCTYPE html [{names}]><html><body><p>gout &a59;</p></body></html>"
    assert len(_read(page).text) < 20


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 100_000 + "gout",
        "<p><b>x " * 30_000,
        "<ul><li>a<b>" * 2_000,
        "<table><tr><td>a" * 2_000,
        "<a>" * 310_000,
        "<p>" + "gout is bad " * 900_000,
        "<p " + "a" * 1_000_000,
        "<" * 1_000_000,
        "<p>" + " \n" * 500_000 + "<br>" * 10_000,
        "<header>" * 1_000 + "<p>gout" * 2_000,
        "<dl>" + "<dt>a" * 20_000,
        "<title>" + "a | " * 100_000 + "</title><h1>a</h1>b",
        "<script type='application/ld+json'>" + '{"a":[' * 50_000 + "</script><p>gout",
        "<p>gout\0&#0;&#xD800;",
        "<!-- -->",
        "",
    ],
    ids=range(16),
)
def test_html_reader_answers_soon_whatever_it_is_given(page):
    start = time.perf_counter()
    try:
        text = _read(page).text
    except ArticleError as error:
        assert str(error).startswith("page.html: ")
        assert "\n" not in str(error)
    else:
        assert "\0" not in text
        text.encode()
    assert time.perf_counter() - start < 10


def test_html_reader_refuses_too_deep_pages():
    with pytest.raises(ArticleError, match="nested too deeply"):
        _read("<div>" * 3_000 + "gout")


def test_html_reader_refuses_too_long_texts():
    assert _read("<p>" + "a" * 100, 100).text == "a" * 100
    with pytest.raises(ArticleError, match=r"101 characters are more than .* \(100\)"):
        _read("<p>" + "a" * 101, 100)


def _check(data):
    try:
        content = _read(data)
    except ArticleError:
        return
    ends = [0, *(b.end for b in content.blocks)]
    for block, before in zip(content.blocks, ends, strict=False):
        assert before <= block.start < block.end <= len(content.text)
        text = content.text[block.start : block.end]
        assert text == " ".join(text.split())
    content.text.encode()


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=300))
def test_html_reader_reads_or_refuses_any_bytes(data):
    _check(data)


TAGS = ["<p>", "</p>", "<ul>", "<li>", "</ul>", "<dl>", "<dt>", "<dd>", "<table>", "<tr>", "<td>"]
TAGS += ["</table>", "<aside>", "<br>"]
TAGS += ["<h1>", "</h1>", "<a href=#>", "</a>", "<form>", "</dd>", "</dl>", "gout", " "]


@settings(deadline=None, max_examples=200)
@given(st.lists(st.sampled_from(TAGS), max_size=30))
def test_html_reader_reads_any_tags(tags):
    _check("".join(tags).encode())


def test_html_reader_reads_or_refuses_damaged_pages():
    chance = random.Random(7)
    pages = [page.encode() for page, _ in PAGES.values()]
    for _ in range(150):
        data = bytearray(chance.choice(pages))
        for _ in range(chance.randint(1, 9)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        _check(bytes(data[: chance.randint(1, len(data))]))


@pytest.mark.parametrize("author", ["By Ashby Jones", "written by: Ashby Jones", "Ashby Jones"])
def test_html_reader_takes_the_by_from_before_an_author_alone(author):
    page = f'<html><head><meta name="author" content="{author}"></head><body><p>Gout.</p></body>'
    assert _read(page.encode()).metadata["author"] == "Ashby Jones"
