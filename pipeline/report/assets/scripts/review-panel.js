// The panel beside a text that is reviewed: what is known of a mention, and a button for each action.
"use strict";

{
  const {
    html, useState, useMemo, useEffect, useRef, open, rows, many, TYPES, TYPE_NAMES, RELATION_NAMES, MentionFacts,
    reviews, reviewActions,
  } = app;
  const { useLayoutEffect } = preactHooks;
  const { ACTIONS, STATES, relationWords } = reviewActions;
  const MOST_SUGGESTIONS = 500;

  // Whoever clicks goes on with the keys: focus, and what is selected, stay in the text.
  function keepFocus(event) {
    if (!document.activeElement?.matches("input")) event.preventDefault();
  }

  // A button that does an action and shows its key.
  function Act({ name, act, pressed, disabled = false, className = "", title, children }) {
    const [key, help] = ACTIONS[name];
    return html`<button type="button" class="act ${className}" data-act=${name} aria-pressed=${pressed == null ? undefined : String(pressed)}
      aria-keyshortcuts=${key} aria-label=${title} title=${title ?? help} disabled=${disabled} onMouseDown=${keepFocus}
      onClick=${() => act(name)}>${children}<kbd aria-hidden="true">${key}</kbd></button>`;
  }

  // Of the mention, also while the keys are for one of its relations.
  function Verdicts({ mention, act }) {
    const added = mention.status === "added";
    const own = (name) => act(name, null);
    return html`<div class="acts" role="group" aria-label="Right or not">
      <${Act} name="accept" act=${own} className="good" pressed=${mention.status === "accepted"} disabled=${added}>Accept<//>
      <${Act} name="reject" act=${own} className="bad" pressed=${mention.status === "rejected"}>${added ? "Take away" : "Reject"}<//>
      <${Act} name="restore" act=${act} disabled=${added || mention.status === "undecided"}>As found<//>
    </div>`;
  }

  function Corrections({ mention, act }) {
    return html`<div class="acts types" role="group" aria-label="Type">${TYPES.map((type) => html`
        <${Act} key=${type} name=${type} act=${act} className=${type} pressed=${mention.type === type}>${TYPE_NAMES[type]}<//>`)}</div>
      <div class="acts" role="group" aria-label="Assertion">
        <${Act} name="denied" act=${act} pressed=${mention.negated}>denied<//>
        <${Act} name="hedged" act=${act} pressed=${mention.uncertain}>hedged<//></div>
      <div class="acts" role="group" aria-label="Boundaries">
        <span class="muted">begins</span>
        <${Act} name="startLeft" act=${act} title="Begin one word further left">←<//>
        <${Act} name="startRight" act=${act} title="Begin one word further right">→<//>
        <span class="muted">ends</span>
        <${Act} name="endLeft" act=${act} title="End one word further left">←<//>
        <${Act} name="endRight" act=${act} title="End one word further right">→<//></div>`;
  }

  // Concepts of the run that have the type, those of most articles first.
  function Suggestions({ type }) {
    const options = useMemo(() => rows(open("concepts"))
      .filter(({ type: other, concept_id: id }) => other === type && reviews.CURIES.test(id))
      .sort((one, other) => other.documents - one.documents).slice(0, MOST_SUGGESTIONS)
      .map(({ concept_id: id, label }) => html`<option key=${id} value=${id}>${label}</option>`), [type]);
    return html`<datalist id="review-concepts">${options}</datalist>`;
  }

  // onDone: the field is left by Enter or Escape. The browser tells of a change when it is left.
  function ConceptField({ mention, onChange, onDone }) {
    const before = mention.conceptId ?? "";
    const [draft, setDraft] = useState(before);
    useEffect(() => setDraft(before), [before]);
    const read = (value) => (value === before ? before : value.replace(/\s/g, "").toUpperCase());
    const isWrong = (value) => value !== before && value !== "" && !reviews.CURIES.test(value);
    const wrong = isWrong(read(draft));
    const commit = ({ target }) => {
      const value = read(target.value);
      if (isWrong(value)) return;
      setDraft(value);
      if (value !== before) onChange(value === "" ? null : value);
    };
    const key = ({ key: pressed, target }) => {
      if (pressed === "Escape") { target.value = before; setDraft(before); }
      if (pressed === "Escape" || (pressed === "Enter" && !wrong)) onDone();
    };
    return html`<label class="field concept-field"><span>Concept <kbd aria-hidden="true">${ACTIONS.concept[0]}</kbd></span>
      <input value=${draft} list="review-concepts" placeholder="none" spellcheck="false" autocomplete="off" autocapitalize="characters"
        aria-invalid=${String(wrong)} aria-describedby="concept-help" onInput=${(event) => setDraft(event.target.value)} onChange=${commit} onKeyDown=${key} /></label>
      <p id="concept-help" class=${wrong ? "wrong" : "hidden"}>Write it like HP:0002315, commas between several, or nothing for none.${wrong && " It is not kept yet."}</p>`;
  }

  // Scrolls the panel alone: the page shall stay where it is.
  function showInPanel(line) {
    const panel = line.closest(".panel");
    const { top, bottom } = line.getBoundingClientRect();
    const frame = panel.getBoundingClientRect();
    if (top < frame.top) panel.scrollTop -= frame.top - top;
    if (bottom > frame.bottom) panel.scrollTop += bottom - frame.bottom;
  }

  function RelationLine({ c, relation, act }) {
    const line = useRef(null);
    const { article, view, mention } = c;
    const { key, status } = relation;
    const words = relationWords(article, view, relation);
    const end = (id) => {
      const other = view.byId.get(id);
      return id === mention.id ? html`<b>this</b>` : html`<button type="button" class="plain" onMouseDown=${keepFocus}
        onClick=${() => c.go(other)}><bdi>${article.text.slice(other.start, other.end)}</bdi></button>`;
    };
    const decidable = status !== "gone" && status !== "denied";
    const button = (name, verdict, label, sign) => html`<button type="button" class="act" aria-pressed=${String(status === verdict)}
      aria-label="${label}: ${words}" title=${label} onMouseDown=${keepFocus} onClick=${() => act(name, relation)}>${sign}</button>`;
    const chosen = c.relation?.key === key;
    useEffect(() => { if (chosen) showInPanel(line.current); }, [chosen]);
    return html`<li ref=${line} class="relation-line ${status} ${chosen ? "chosen" : ""}" aria-current=${chosen ? "true" : undefined}>
      <span>${end(relation.head)} <em>${RELATION_NAMES[relation.type]}</em> ${end(relation.tail)}
        <small class="state">${STATES[status]}</small></span>
      ${decidable && html`<span class="acts">${status !== "added" && button("accept", "accepted", "Accept", "✓")}${button("reject", "rejected", "Reject", "✗")}
        ${status === "unfit" && html`<button type="button" class="act" aria-label="Change to what the types allow: ${words}" onMouseDown=${keepFocus}
          onClick=${() => act("refit", relation)}>Change<kbd aria-hidden="true">${ACTIONS.refit[0]}</kbd></button>`}</span>`}</li>`;
  }

  function Relations({ c, act }) {
    const from = c.linking !== null && c.linking !== c.mention.id;
    return html`<h3>Relations</h3>
      ${c.lines.length === 0 ? html`<p class="muted">It is in none.</p>` : html`<ul class="relation-list">
        ${c.lines.map((relation) => html`<${RelationLine} key=${relation.key} c=${c} relation=${relation} act=${act} />`)}</ul>`}
      <div class="acts">
        ${c.lines.length > 0 && html`<${Act} name="relation" act=${act}>Next relation<//>`}
        <${Act} name="link" act=${act} pressed=${c.linking === c.mention.id}>${from ? "Relation to this mention" : "New relation"}<//>
        ${c.linking !== null && html`<${Act} name="leave" act=${act}>Give up<//>`}</div>`;
  }

  // What the annotation scheme has against a mention, as far as can be told.
  function Doubts({ c: { article, view, mention } }) {
    const other = mention.status === "rejected" ? undefined : reviews.overlapped(view, mention);
    return other !== undefined && html`<p class="note">It overlaps <bdi>“${article.text.slice(other.start, other.end)}”</bdi>: in
      the annotation scheme only body parts inside symptoms do.</p>`;
  }

  // What of a mention is not as it was found.
  function differences({ text }, { type, start, end, conceptId, found }) {
    return [found.type !== type && `was ${TYPE_NAMES[found.type]}`,
      (found.start !== start || found.end !== end) && `was “${text.slice(found.start, found.end)}”`,
      found.conceptId !== conceptId && `concept was ${found.conceptId ?? "none"}`].filter(Boolean).join(", ");
  }

  function ReviewPanel({ c, act, onConcept, onLeaveField }) {
    const { mention, article } = c;
    if (mention === undefined) {
      return html`<p class="muted">Choose a mention in the text, go from one to the next with the arrow keys, or select words
        that are missing and mark them.</p>`;
    }
    return html`<${MentionFacts} mention=${mention} article=${article} short=${mention.found === null}>
        <p class="state ${mention.status}">${STATES[mention.status]}${mention.status === "fixed" && html`<small class="muted"> ${differences(article, mention)}</small>`}</p>
        <${Verdicts} mention=${mention} act=${act} />
        <${Corrections} mention=${mention} act=${act} />
        <${ConceptField} key=${mention.id} mention=${mention} onChange=${onConcept} onDone=${onLeaveField} />
        <${Suggestions} type=${mention.type} />
        <${Doubts} c=${c} /><//>
      <${Relations} c=${c} act=${act} />`;
  }

  function Dialog({ title, onClose, children }) {
    const frame = useRef(null);
    useLayoutEffect(() => frame.current.showModal(), []);
    return html`<dialog class="review-dialog" ref=${frame} aria-labelledby="dialog-title" onClose=${onClose}>
      <h2 id="dialog-title">${title}</h2>${children(() => frame.current.close())}</dialog>`;
  }

  // Asks before something is done that cannot be undone.
  function ConfirmDialog({ question, verb, onConfirm, onClose }) {
    return html`<${Dialog} title=${question} onClose=${onClose}>${(close) => html`<div class="acts">
      <button type="button" class="primary" onClick=${() => { onConfirm(); close(); }}>${verb}</button>
      <button type="button" autofocus onClick=${close}>Cancel</button></div>`}<//>`;
  }

  const GROUPS = [
    ["Go", ["next", "previous", "undecided", "relation", "leave"]],
    ["Decide", ["accept", "reject", "restore", "undo", "redo", "done"]],
    ["Correct", ["CONDITION", "SYMPTOM", "BODY_PART", "startLeft", "startRight", "endLeft", "endRight", "denied", "hedged", "concept"]],
    ["Add", ["mark", "link", "refit"]],
  ];

  function KeysDialog({ onClose }) {
    return html`<${Dialog} title="Keys" onClose=${onClose}>${(close) => html`
      <p>They work while the text or the panel has the focus. Keys with a meaning of their own in a field keep it there.</p>
      <div class="key-groups">${GROUPS.map(([name, actions]) => html`<section key=${name}><h3>${name}</h3><dl class="keys">
        ${actions.map((action) => html`<div key=${action}><dt><kbd>${ACTIONS[action][0]}</kbd></dt><dd>${ACTIONS[action][1]}</dd></div>`)}</dl></section>`)}</div>
      <button type="button" class="primary" onClick=${close}>Close</button>`}<//>`;
  }

  const CONTEXT = 40;

  function Preview({ article: { text }, place: { start, end } }) {
    return html`<p class="preview"><bdi>…${text.slice(Math.max(0, start - CONTEXT), start)}<mark>${text.slice(start, end)}</mark>${text.slice(end, end + CONTEXT)}…</bdi></p>`;
  }

  function TypeChoice({ type, onChange }) {
    return html`<fieldset class="switches"><legend class="hidden">Type</legend>${TYPES.map((name) => html`<label key=${name} class="switch ${name}">
      <input type="radio" name="type" value=${name} checked=${name === type} onChange=${() => onChange(name)} /> ${TYPE_NAMES[name]}</label>`)}</fieldset>`;
  }

  function told(words, places, turn) {
    if (words.trim() === "") return "";
    if (places.length === 0) return "They stand nowhere unmarked.";
    return `${many(places.length, "unmarked place")}${places.length > 1 ? `, this is number ${turn + 1}` : ""}`;
  }

  // For whoever has no mouse: words are given and found. from: where to look first.
  function MarkDialog({ c, from, onMark, onClose }) {
    const [words, setWords] = useState("");
    const [type, setType] = useState(c.lastType);
    const [turn, setTurn] = useState(0);
    const places = useMemo(() => reviews.unmarked(c.article, c.view, words, from), [c.article, c.view, words, from]);
    const place = places[turn];
    return html`<${Dialog} title="Mark words as a mention" onClose=${onClose}>${(close) => html`
      <form onSubmit=${(event) => { event.preventDefault(); if (place) { close(); onMark(place, type); } }}>
        <label class="field"><span>Words of the text</span><input type="text" value=${words} autofocus autocomplete="off"
          onInput=${(event) => { setWords(event.target.value); setTurn(0); }} /></label>
        <p role="status" class="muted">${told(words, places, turn)}</p>
        ${place && html`<${Preview} article=${c.article} place=${place} />`}
        <${TypeChoice} type=${type} onChange=${setType} />
        <div class="acts"><button class="primary" disabled=${!place}>Mark</button>
          <button type="button" disabled=${places.length < 2} onClick=${() => setTurn((turn + 1) % places.length)}>Another place</button>
          <button type="button" onClick=${close}>Cancel</button></div>
      </form>`}<//>`;
  }

  Object.assign(app, { Act, ReviewPanel, ConfirmDialog, KeysDialog, MarkDialog });
}
