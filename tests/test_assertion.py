from __future__ import annotations

import pytest

NEGATED, UNCERTAIN, PLAIN = (True, False), (False, True), (False, False)

SYNTAX = pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="ConText has no syntax: a scope runs on past its clause or noun phrase",
)

CASES = [
    # Plain statements.
    ("Patients often have fever.", "fever", PLAIN, ""),
    ("It can cause fever.", "fever", PLAIN, ""),
    ("It usually causes fever.", "fever", PLAIN, ""),
    # Negation before the mention.
    ("The patient has no fever.", "fever", NEGATED, "no"),
    ("It does not cause pain.", "pain", NEGATED, "not"),
    ("It doesn't cause pain.", "pain", NEGATED, "n't"),
    ("It doesn’t cause pain.", "pain", NEGATED, "n’t"),
    ("It begins without fever.", "fever", NEGATED, "without"),
    ("He never has fever.", "fever", NEGATED, "never"),
    ("There is no evidence of cancer.", "cancer", NEGATED, "no"),
    ("People are free of pain.", "pain", NEGATED, "free of"),
    ("The test was negative for influenza.", "influenza", NEGATED, "negative for"),
    ("Tests rule out meningitis.", "meningitis", NEGATED, "rule out"),
    ("He has fever rather than headache.", "headache", NEGATED, "rather than"),
    ("He has fever rather than headache.", "fever", PLAIN, ""),
    # Negation after the mention.
    ("Fever is absent.", "Fever", NEGATED, "is absent"),
    ("Fever is not present.", "Fever", NEGATED, "is not present"),
    ("Meningitis was ruled out.", "Meningitis", NEGATED, "ruled out"),
    ("Fever: none", "Fever", NEGATED, ": none"),
    ("Fever: none. Headache: mild.", "Headache", PLAIN, ""),
    ("Fever never occurs.", "Fever", NEGATED, "never occurs"),
    # Lists.
    ("There is no fever, headache or nausea.", "fever", NEGATED, "no"),
    ("There is no fever, headache or nausea.", "headache", NEGATED, "no"),
    ("There is no fever, headache or nausea.", "nausea", NEGATED, "no"),
    ("Neither fever nor headache was seen.", "fever", NEGATED, "Neither"),
    ("Neither fever nor headache was seen.", "headache", NEGATED, "Neither"),
    # What ends a scope.
    ("No fever but headache.", "headache", PLAIN, ""),
    ("No fever; headache is common.", "fever", NEGATED, "No"),
    ("No fever; headache is common.", "headache", PLAIN, ""),
    ("She has no fever, however headache is common.", "headache", PLAIN, ""),
    ("There was no fever. Headache is common.", "Headache", PLAIN, ""),
    ("There was no fever\n\nHeadache is common.", "Headache", PLAIN, ""),
    ("- no fever\n- headache", "headache", PLAIN, ""),
    ("Nausea is common, although not vomiting.", "Nausea", PLAIN, ""),
    ("Nausea is common, although not vomiting.", "vomiting", NEGATED, "not"),
    # Confusions with other conditions.
    ("It is often mistaken for asthma.", "asthma", NEGATED, "mistaken for"),
    ("It is often misdiagnosed as asthma.", "asthma", NEGATED, "misdiagnosed as"),
    ("Doctors mistake the disease for asthma.", "asthma", NEGATED, "mistake the disease for"),
    # Looks like a negation, is none.
    ("There is no cure for diabetes.", "diabetes", PLAIN, ""),
    ("There is no known treatment for asthma.", "asthma", PLAIN, ""),
    ("It causes not only fever but also headache.", "fever", PLAIN, ""),
    ("It causes not only fever but also headache.", "headache", PLAIN, ""),
    ("It is not uncommon for leg pain to occur.", "leg pain", PLAIN, ""),
    ("Patients can no longer walk because of weakness.", "weakness", PLAIN, ""),
    ("Not all people have fever.", "fever", PLAIN, ""),
    ("He has no appetite.", "no appetite", PLAIN, ""),
    ("He has an inability to speak, not asthma.", "asthma", NEGATED, "not"),
    # Hedges.
    ("It may cause fever, headache and nausea.", "fever", UNCERTAIN, "may"),
    ("It may cause fever, headache and nausea.", "nausea", UNCERTAIN, "may"),
    ("It might cause seizures.", "seizures", UNCERTAIN, "might"),
    ("It could be a stroke.", "stroke", UNCERTAIN, "could"),
    ("A possible stroke was seen.", "stroke", UNCERTAIN, "possible"),
    ("Perhaps it is a stroke.", "stroke", UNCERTAIN, "Perhaps"),
    ("Suspected stroke is an emergency.", "stroke", UNCERTAIN, "Suspected"),
    ("It is thought to cause fever.", "fever", UNCERTAIN, "thought to"),
    ("You may have fever, but headache is common.", "headache", PLAIN, ""),
    ("If you have fever, it may be influenza.", "fever", PLAIN, ""),
    ("If you have fever, it may be influenza.", "influenza", UNCERTAIN, "may"),
    ("Fever may occur.", "Fever", UNCERTAIN, "may occur"),
    # Looks like a hedge, is none.
    ("Fatigue may improve with rest.", "Fatigue", PLAIN, ""),
    ("The cough may get worse.", "cough", PLAIN, ""),
    ("Doctors may prescribe drugs for asthma.", "asthma", PLAIN, ""),
    ("See a doctor for a fever as soon as possible.", "fever", PLAIN, ""),
    # The two at once.
    ("It may not cause fever.", "fever", NEGATED, "may not"),
    ("Unlike asthma, influenza is viral.", "asthma", PLAIN, ""),
    ("Unlike asthma, influenza is viral.", "influenza", PLAIN, ""),
    pytest.param(
        "People without fever may have headache.", "headache", UNCERTAIN, "may", marks=SYNTAX
    ),
    ("Although there is no fever, headache occurs.", "headache", PLAIN, ""),
]


@pytest.mark.parametrize(("text", "mention", "expected", "cue"), CASES)
def test_assertion_of_a_mention(nlp, text, mention, expected, cue):
    doc = nlp(text)
    (span,) = [s for s in doc.spans["sc"] if s.text == mention]
    assert (span._.negated, span._.uncertain) == expected
    found = doc[span._.cue[0] : span._.cue[1]].text if span._.cue else ""
    assert bool(found) == bool(cue)
    assert cue in found


def test_assertion_leaves_body_parts_alone(nlp):
    doc = nlp("There is no leg pain.")
    pain, leg = doc.spans["sc"]
    assert (pain.label_, pain._.negated) == ("SYMPTOM", True)
    assert (leg.label_, leg._.negated, leg._.cue) == ("BODY_PART", False, None)


def test_assertion_cue_lies_in_the_mentions_sentence_and_not_in_the_mention(seed_doc):
    asserted = [s for s in seed_doc.spans["sc"] if s._.cue is not None]
    assert len(asserted) >= 5
    for span in asserted:
        start, end = span._.cue
        assert span.sent.start <= start < end <= span.sent.end
        assert end <= span.start or start >= span.end


def test_assertion_has_a_cue_just_where_it_says_something(seed_doc):
    mentions = list(seed_doc.spans["sc"])
    assert len(mentions) > 100
    for mention in mentions:
        other = mention._.experiencer == "other"
        said = mention._.negated or mention._.uncertain or other or mention._.role is not None
        assert (mention._.cue is not None) == said


def test_assertion_of_the_seed_article(seed_doc):
    found = {
        (m.text, m._.negated, m._.uncertain)
        for m in seed_doc.spans["sc"]
        if m._.negated or m._.uncertain
    }
    assert ("pain in the back", True, False) in found
    assert {("hammertoes", False, True), ("high arches", False, True)} <= found


def test_assertion_does_not_cross_a_line_that_a_full_stop_would_end(nlp):
    with_stop, without = nlp("He has no fever."), nlp("He has no fever")
    assert [s._.negated for s in with_stop.spans["sc"]] == [True]
    assert [s._.negated for s in without.spans["sc"]] == [True]


@pytest.mark.parametrize(
    ("text", "mention", "experiencer", "role"),
    [
        ("Your mother had asthma.", "asthma", "other", None),
        ("Migraine runs in families.", "Migraine", "other", None),
        ("A family history of glaucoma matters.", "glaucoma", "other", None),
        ("You had asthma.", "asthma", "patient", None),
        ("Vaccines protect against influenza.", "influenza", "patient", "prevention"),
        ("It lowers your risk of stroke.", "stroke", "patient", "prevention"),
        ("Obesity increases the risk of stroke.", "Obesity", "patient", "risk_factor"),
        ("Obesity increases the risk of stroke.", "stroke", "patient", None),
        ("It is often mistaken for asthma.", "asthma", "patient", "differential"),
        ("Doctors rule out asthma.", "asthma", "patient", "differential"),
        ("Call an ambulance if you have chest pain.", "chest pain", "patient", "emergency"),
        ("Call 999 if you have:\n- chest pain\n- fever", "fever", "patient", "emergency"),
        ("Rest if you have chest pain.", "chest pain", "patient", None),
    ],
)
def test_assertion_of_experiencer_and_role(nlp, text, mention, experiencer, role):
    doc = nlp(text)
    (span,) = [s for s in doc.spans["sc"] if s.text == mention]
    assert (span._.experiencer, span._.role) == (experiencer, role)
    assert (span._.cue is not None) == (experiencer == "other" or role is not None)


def test_assertion_a_cue_in_a_mention_governs_no_other(nlp):
    doc = nlp("She has no appetite and fever.")
    assert {(s.text, s._.negated) for s in doc.spans["sc"]} == {
        ("no appetite", False), ("fever", False),
    }  # fmt: skip


@pytest.mark.parametrize("word", ["don't", "don’t", "dont"])
def test_assertion_reads_contractions_without_apostrophe(nlp, word):
    doc = nlp(f"They {word} have asthma.")
    assert [s._.negated for s in doc.spans["sc"]] == [True]
