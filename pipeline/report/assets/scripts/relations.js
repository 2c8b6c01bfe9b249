// The pairs that the articles tell of, and the sentences behind each.
"use strict";

{
  const {
    html, useState, useMemo, article, pairs, evidence, open, link, replaceRoute, count, many, decimal,
    chance, RELATION_NAMES, HPOA_NAMES, FREQUENCY_NAMES, Select, Search, DataTable, MarkedText,
    Curie, TypeTag,
  } = app;
  const STEP = 10;
  const SCOPES = [["sentence", "sentence"], ["section", "section"], ["document", "article"]];

  function Concept({ concept }) {
    return html`<span class="concept"><span class="dot ${concept.type}"></span>${concept.label}</span>`;
  }

  function columnsOf(scope) {
    return [
      { key: "head", label: "Condition or symptom", value: (pair) => pair.head.label,
        show: (pair) => html`<${Concept} concept=${pair.head} />` },
      { key: "type", label: "Relation", short: true, value: (pair) => RELATION_NAMES[pair.type] },
      { key: "tail", label: "Symptom or body part", value: (pair) => pair.tail.label,
        show: (pair) => html`<${Concept} concept=${pair.tail} />` },
      { key: "documents", label: "Articles", numeric: true, value: (pair) => pair.documents,
        title: "Articles that tell it" },
      { key: "told", label: "Told", numeric: true, value: (pair) => pair.told,
        title: "How often it is told, not denied" },
      { key: "denied", label: "Denied", numeric: true, value: (pair) => pair.denied,
        title: "How often it is denied" },
      { key: "score", label: "Score", numeric: true, value: (pair) => pair.score, show: (pair) => decimal(pair.score),
        title: "Probability that it is right where it is surest" },
      { key: "npmi", label: "NPMI", numeric: true, value: (pair) => pair[`npmi_${scope}`],
        show: (pair) => decimal(pair[`npmi_${scope}`]), title: "How much oftener together than by chance, at most 1" },
      { key: "q", label: "q-value", numeric: true, value: (pair) => pair[`q_value_${scope}`],
        show: (pair) => chance(pair[`q_value_${scope}`]), title: "False discovery rate of being together by chance" },
      { key: "hpoa", label: "HPO annotations", short: true, value: (pair) => HPOA_NAMES[pair.hpoa] ?? null,
        show: (pair) => html`<span class=${pair.hpoa ?? ""}>${HPOA_NAMES[pair.hpoa] ?? "–"}</span>`,
        title: "Whether HPO's annotations of diseases know the pair" },
      { key: "frequency", label: "Frequency", short: true, value: (pair) => FREQUENCY_NAMES[pair.frequency] ?? pair.frequency,
        show: (pair) => FREQUENCY_NAMES[pair.frequency] ?? pair.frequency ?? "–",
        title: "How often the condition has the symptom, as the articles say" },
    ];
  }

  const LONGEST = 400;
  const MARGIN = 150;

  // Where to read of a relation: its sentence, or of one that nobody reads (a list that is told as
  // one) what stands around its tail, from a space to a space.
  function stretch(text, { start, end }, head, tail) {
    const from = start ?? Math.min(head.start, tail.start);
    const to = end ?? Math.max(head.end, tail.end);
    if (to - from <= LONGEST) return [from, to];
    const near = Math.abs(head.start - tail.start) < LONGEST - MARGIN ? [head, tail] : [tail];
    const first = Math.min(...near.map((mention) => mention.start));
    const last = Math.max(...near.map((mention) => mention.end));
    const left = first - MARGIN <= from ? from : spaceAfter(text, first - MARGIN, first);
    const right = last + MARGIN >= to ? to : spaceBefore(text, last + MARGIN, last);
    return [left, right];
  }

  function spaceAfter(text, from, limit) {
    const at = text.slice(from, limit).search(/\s/);
    return at < 0 ? from : from + new app.Text(text.slice(from, limit).slice(0, at)).length + 1;
  }

  function spaceBefore(text, to, limit) {
    const words = text.slice(limit, to);
    const at = words.search(/\s\S*$/);
    return at < 0 ? to : limit + new app.Text(words.slice(0, at)).length;
  }

  function Sentence({ number, row }) {
    const { text, title, doc_id: id, mentions, relations } = article(number);
    const relation = relations[row];
    const ends = [relation.head, relation.tail].map((place) => mentions[place]);
    const [from, to] = stretch(text, relation, ...ends);
    const outside = ends.filter((mention) => mention.start < from || mention.end > to);
    return html`<li><a class="sentence" href=${link("article", [number], { at: ends[1].start, relation: row })}>
        ${from > (relation.start ?? from) && "… "}<${MarkedText} text=${text} from=${from} to=${to} mentions=${ends} />${to < (relation.end ?? to) && " …"}</a>
      <small class="muted"><bdi>${title || id}</bdi> · score ${decimal(relation.score)} · ${relation.rule}
        ${relation.cue && html` · cue “<bdi>${relation.cue}</bdi>”`}${relation.uncertain && " · hedged"}
        ${outside.map((mention) => html` · <${TypeTag} type=${mention.type} /> <bdi>${text.slice(mention.start, mention.end)}</bdi> is elsewhere in the article`)}
      </small></li>`;
  }

  function Evidence({ pair }) {
    const found = useMemo(() => evidence(pair.number), [pair.number]);
    const [shown, setShown] = useState(STEP);
    const missing = pair.told - found.length;
    return html`<div class="evidence">
      <p><${Curie} id=${pair.head.id} /> ${RELATION_NAMES[pair.type]} <${Curie} id=${pair.tail.id} />${" "}
        · ${many(pair.hedged, "time")} hedged · together in${" "}
        ${SCOPES.map(([scope, name], place) => html`${place > 0 && ", "}${many(pair[`n_ab_${scope}`] ?? 0, name)}`)}</p>
      ${found.length === 0
        ? html`<p class="note">${pair.told === 0 ? "It is only denied." : "None of the articles that tell it are in this report."}</p>`
        : html`<ol class="sentences">${found.slice(0, shown).map(([number, row]) =>
            html`<${Sentence} key=${`${number}-${row}`} number=${number} row=${row} />`)}</ol>`}
      ${shown < found.length && html`<button type="button" onClick=${() => setShown(shown + STEP)}>Show ${count(Math.min(STEP, found.length - shown))} more of ${count(found.length - shown)}</button>`}
      ${found.length > 0 && missing > 0 && html`<p class="note">${many(missing, "more place")} in articles that are not in this report.</p>`}
    </div>`;
  }

  // What conditions look like is what most come for; the rest is a choice away.
  const FIRST_TYPE = "has_symptom";

  function wanted({ q = "", type = FIRST_TYPE, hpoa = "", least = "0", significant = "" }, scope) {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean);
    return (pair) => {
      if (type !== "all" && pair.type !== type) return false;
      if (hpoa && (pair.hpoa ?? "none") !== hpoa) return false;
      if (pair.documents < Number(least)) return false;
      if (significant && !(pair[`q_value_${scope}`] <= Number(significant))) return false;
      const names = `${pair.head.label} ${pair.head.concept_id} ${pair.tail.label} ${pair.tail.concept_id}`.toLowerCase();
      return words.every((word) => names.includes(word));
    };
  }

  function Relations({ route }) {
    const { query } = route;
    const scope = query.scope ?? "sentence";
    const set = (change) => replaceRoute("relations", [], { ...query, ...change });
    const all = pairs();
    const rows = useMemo(() => all.filter(wanted(query, scope)),
      [query.q, query.type, query.hpoa, query.least, query.significant, scope]);
    const columns = useMemo(() => columnsOf(scope), [scope]);
    const total = open("overview").n_pairs;
    const least = [0, 1, 2, 3, 5, 10, 20, 50].map((n) => [String(n), n === 0 ? "any" : `≥ ${n}`]);
    return html`<form class="filters" onSubmit=${(event) => event.preventDefault()}>
        <${Search} label="Words or ids" value=${query.q ?? ""} placeholder="gout pain" onChange=${(q) => set({ q, pair: "" })} />
        <${Select} label="Relation" value=${query.type ?? FIRST_TYPE} onChange=${(type) => set({ type, pair: "" })}
          options=${[["all", "all"], ...Object.entries(RELATION_NAMES)]} />
        <${Select} label="Articles" value=${query.least ?? "0"} options=${least} onChange=${(n) => set({ least: n === "0" ? "" : n, pair: "" })} />
        <${Select} label="HPO annotations" value=${query.hpoa ?? ""} onChange=${(hpoa) => set({ hpoa, pair: "" })}
          options=${[["", "all"], ...Object.entries(HPOA_NAMES)]} />
        <${Select} label="q-value" value=${query.significant ?? ""} onChange=${(significant) => set({ significant, pair: "" })}
          options=${[["", "all"], ["0.05", "≤ 0.05"], ["0.01", "≤ 0.01"], ["0.001", "≤ 0.001"]]} />
        <${Select} label="Together in a" value=${scope} options=${SCOPES} onChange=${(value) => set({ scope: value === "sentence" ? "" : value })} />
      </form>
      ${all.length < total && html`<p class="note">The ${count(all.length)} strongest of ${count(total)} pairs; relations.parquet has them all.</p>`}
      <${DataTable} name="relations" label=${rows.length === 1 ? "pair" : "pairs"} columns=${columns} rows=${rows} rowKey=${(pair) => pair.number}
        start=${{ key: "documents", descending: true }} open=${query.pair ? Number(query.pair) : null}
        onOpen=${(pair) => set({ pair })} detail=${(pair) => html`<${Evidence} key=${pair.number} pair=${pair} />`} />`;
  }

  Object.assign(app, { Relations });
}
