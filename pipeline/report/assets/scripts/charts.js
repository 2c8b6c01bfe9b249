// Heat maps of conditions against symptoms and body parts, and a network of the strongest pairs.
"use strict";

{
  const { html, useState, useMemo, pairs, go, count, many, decimal, RELATION_NAMES, Select, Chart } = app;

  const MEASURES = {
    documents: { name: "articles that tell it", value: (pair) => pair.documents },
    told: { name: "how often it is told", value: (pair) => pair.told },
    npmi: { name: "NPMI in sentences", value: (pair) => pair.npmi_sentence },
  };
  const MEASURE_OPTIONS = Object.entries(MEASURES).map(([key, { name }]) => [key, name]);

  // The concepts of one end with the most articles, the strongest first.
  function strongest(all, end, limit) {
    const sums = new Map();
    for (const pair of all) {
      const sum = sums.get(pair[end]) ?? { pairs: 0, documents: 0 };
      sums.set(pair[end], { pairs: sum.pairs + 1, documents: sum.documents + pair.documents });
    }
    return [...sums]
      .sort(([one, a], [other, b]) => b.documents - a.documents || b.pairs - a.pairs || one.label.localeCompare(other.label, "en"))
      .slice(0, limit).map(([concept]) => concept);
  }

  function cells(type, measure, nHeads, nTails) {
    const all = pairs().filter((pair) => pair.type === type && pair.told > 0);
    const heads = new Set(strongest(all, "head", nHeads));
    const inside = all.filter((pair) => heads.has(pair.head));
    const tails = new Set(strongest(inside, "tail", nTails));
    const values = inside.filter((pair) => tails.has(pair.tail)).map((pair) => ({
      head: pair.head.label, tail: pair.tail.label, value: MEASURES[measure].value(pair),
      articles: pair.documents, told: pair.told, npmi: decimal(pair.npmi_sentence), pair: pair.number,
    })).filter(({ value }) => value != null);
    const names = (concepts) => [...new Set([...concepts].map(({ label }) => label))];
    return { values, heads: names(heads), tails: names(tails) };
  }

  function heatSpec(table, type, measure) {
    return (colours, width) => ({
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      width: Math.max(140, Math.min(width - 230, table.tails.length * 40)),
      height: { step: 22 },
      data: { values: table.values },
      mark: { type: "rect", cursor: "pointer", stroke: colours.paper },
      encoding: {
        y: { field: "head", type: "nominal", sort: table.heads, axis: { title: null, labelLimit: width < 500 ? 130 : 200, ticks: false, domain: false } },
        x: { field: "tail", type: "nominal", sort: table.tails, axis: { title: null, labelAngle: -55, labelLimit: 150, ticks: false, domain: false, orient: "top" } },
        color: { field: "value", type: "quantitative", legend: { title: MEASURES[measure].name, orient: "bottom", direction: "horizontal", gradientLength: Math.min(200, width - 60), tickMinStep: measure === "npmi" ? 0.1 : 1, ...(measure === "npmi" ? {} : { format: "d" }) },
          scale: { range: [`${colours[type]}2b`, colours[type]], ...(measure === "npmi" ? {} : { domainMin: 0 }) } },
        tooltip: [
          { field: "head", title: "condition" }, { field: "tail", title: "with" },
          { field: "articles" }, { field: "told" }, { field: "npmi", title: "NPMI" },
        ],
      },
    });
  }

  function HeatMap({ type, colour, title, tailName }) {
    const [measure, setMeasure] = useState("documents");
    const narrow = matchMedia("(max-width: 640px)").matches;
    const table = useMemo(() => cells(type, measure, 20, narrow ? 8 : 24), [type, measure]);
    if (table.values.length === 0) return html`<section class="card"><h2>${title}</h2><p class="empty">No such relations.</p></section>`;
    return html`<section class="card"><h2>${title}</h2>
      <form class="filters"><${Select} label="Colour shows" value=${measure} options=${MEASURE_OPTIONS} onChange=${setMeasure} /></form>
      <${Chart} name=${`conditions-${type}`} depends=${[table]} spec=${heatSpec(table, colour, measure)}
        label=${`The ${table.heads.length} conditions told of most, against their ${table.tails.length} most frequent ${tailName}`}
        onClick=${(row) => row.pair != null && go("relations", [], { q: `${row.head} ${row.tail}`, type, pair: row.pair })}
        rows=${() => table.values.map(({ pair, ...row }) => row)} /></section>`;
  }

  const MOST_EDGES = 120;
  const FIRST_EDGES = 70;

  function strengths(types, measure) {
    const { value } = MEASURES[measure];
    return pairs()
      .filter((pair) => types.includes(pair.type) && pair.told > 0 && value(pair) != null)
      .map((pair) => ({ pair, strength: value(pair) }))
      .sort((one, other) => other.strength - one.strength || one.pair.number - other.pair.number);
  }

  function graph(edges) {
    const concepts = [...new Set(edges.flatMap(({ pair }) => [pair.head, pair.tail]))];
    const number = new Map(concepts.map((concept, place) => [concept, place]));
    const degree = new Map();
    const links = edges.map(({ pair, strength }) => {
      for (const concept of [pair.head, pair.tail]) degree.set(concept, (degree.get(concept) ?? 0) + 1);
      return { source: number.get(pair.head), target: number.get(pair.tail), strength, pair: pair.number,
        head: pair.head.label, tail: pair.tail.label, type: pair.type, relation: RELATION_NAMES[pair.type] };
    });
    const nodes = concepts.map((concept) => ({
      label: concept.label, type: concept.type, degree: degree.get(concept),
    }));
    return { nodes, links };
  }

  function networkSpec({ nodes, links }) {
    return (colours, width) => {
      const height = Math.round(Math.max(380, Math.min(width * 0.7, 680)));
      const margin = Math.min(60, width / 8);
      return {
        $schema: "https://vega.github.io/schema/vega/v6.json",
        width, height, padding: 0, autosize: "none",
        data: [
          { name: "links", values: links.map((link) => ({ ...link })) },
          { name: "nodes", values: nodes.map((node) => ({ ...node })), transform: [{
            type: "force", iterations: 400, static: true, signal: "force",
            forces: [
              { force: "center" },
              { force: "collide", radius: 16 },
              { force: "nbody", strength: -40 },
              { force: "link", links: "links", distance: 36 },
              // Parts that hang on nothing else would drift away; the page is wider than it is high.
              { force: "x", strength: 0.07 },
              { force: "y", strength: width > height ? 0.11 : 0.07 },
            ],
          }] },
        ],
        scales: [
          { name: "x", domain: { data: "nodes", field: "x" }, range: [margin, width - margin], zero: false },
          { name: "y", domain: { data: "nodes", field: "y" }, range: [16, height - 24], zero: false },
          { name: "colour", type: "ordinal", domain: app.TYPES, range: app.TYPES.map((type) => colours[type]) },
          { name: "thick", type: "sqrt", domain: { data: "links", field: "strength" }, range: [0.8, 5] },
          { name: "size", type: "sqrt", domain: { data: "nodes", field: "degree" }, range: [50, 500] },
        ],
        marks: [
          {
            type: "path", from: { data: "links" },
            encode: {
              enter: {
                stroke: { value: colours.muted }, strokeOpacity: { value: 0.55 }, cursor: { value: "pointer" },
                strokeWidth: { scale: "thick", field: "strength" },
                tooltip: { signal: "{pair: datum.head + ' – ' + datum.tail, relation: datum.relation, strength: datum.strength}" },
              },
            },
            transform: [{
              type: "linkpath", require: { signal: "force" }, shape: "line",
              sourceX: { expr: "scale('x', datum.datum.source.x)" }, sourceY: { expr: "scale('y', datum.datum.source.y)" },
              targetX: { expr: "scale('x', datum.datum.target.x)" }, targetY: { expr: "scale('y', datum.datum.target.y)" },
            }],
          },
          {
            name: "node", type: "symbol", from: { data: "nodes" },
            encode: {
              enter: {
                x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" }, size: { scale: "size", field: "degree" },
                fill: { scale: "colour", field: "type" }, stroke: { value: colours.paper }, cursor: { value: "pointer" },
                tooltip: { signal: "{concept: datum.label, pairs: datum.degree}" },
              },
            },
          },
          {
            type: "text", from: { data: "node" }, interactive: false,
            encode: {
              enter: { fill: { value: colours.ink }, fontSize: { value: 11 }, text: { field: "datum.label" }, limit: { value: 130 } },
            },
            // Labels that would lie on others are left out, those of the best connected stay.
            transform: [{
              type: "label", size: [width, height], sort: { field: "datum.datum.degree", order: "descending" },
              anchor: ["bottom", "top", "right", "left"], offset: [1], avoidBaseMark: true,
            }],
          },
        ],
      };
    };
  }

  const KINDS = [["has_symptom", "conditions and symptoms"], ["affects", "conditions and body parts"],
    ["located_in", "symptoms and body parts"], ["all", "all of them"]];

  function Network() {
    const [kind, setKind] = useState("has_symptom");
    const [measure, setMeasure] = useState("told");
    const ordered = useMemo(() => strengths(kind === "all" ? Object.keys(RELATION_NAMES) : [kind], measure), [kind, measure]);
    const levels = useMemo(() => [...new Set(ordered.slice(0, MOST_EDGES).map(({ strength }) => strength))].reverse(), [ordered]);
    const first = Math.max(0, levels.findIndex((level) => ordered.filter(({ strength }) => strength >= level).length <= FIRST_EDGES));
    const [chosen, setChosen] = useState(null);
    const place = Math.min(chosen ?? first, levels.length - 1);
    const threshold = levels[place];
    const edges = useMemo(() => ordered.filter(({ strength }) => strength >= threshold).slice(0, MOST_EDGES), [ordered, threshold]);
    const drawn = useMemo(() => graph(edges), [edges]);
    const passing = ordered.filter(({ strength }) => strength >= threshold).length;
    const change = (setter) => (value) => { setter(value); setChosen(null); };
    const shown = measure === "npmi" ? decimal(threshold) : threshold;
    const click = (row) => {
      if (row.pair != null) go("relations", [], { q: `${row.head} ${row.tail}`, type: row.type, pair: row.pair });
      else if (row.label) go("relations", [], { q: row.label, type: "all" });
    };
    return html`<section class="card"><h2>Network of the strongest pairs</h2>
      <form class="filters" onSubmit=${(event) => event.preventDefault()}>
        <${Select} label="Pairs of" value=${kind} options=${KINDS} onChange=${change(setKind)} />
        <${Select} label="Strength" value=${measure} options=${MEASURE_OPTIONS} onChange=${change(setMeasure)} />
        ${levels.length > 0 && html`<label class="field grow"><span>Threshold: ${MEASURES[measure].name} at least ${shown}</span>
          <input type="range" min="0" max=${levels.length - 1} step="1" value=${place} aria-valuetext=${`at least ${shown}`}
            onInput=${(event) => setChosen(Number(event.target.value))} /></label>`}
      </form>
      ${edges.length === 0 ? html`<p class="empty">No such pairs.</p>` : html`
        <p class="legend">${app.TYPES.map((type) => html`<span><span class="dot ${type}"></span>${app.TYPE_PLURALS[type]}</span>`)}
          <span class="muted" role="status">${many(edges.length, "pair")} of ${many(drawn.nodes.length, "concept")}${passing > edges.length && `, the strongest of ${count(passing)}`}</span></p>
        <${Chart} name="network" depends=${[drawn]} spec=${networkSpec(drawn)} onClick=${click}
          label=${`A network of ${edges.length} pairs; thicker lines are stronger`}
          rows=${() => drawn.links.map((link) => ({ head: link.head, relation: link.relation, tail: link.tail, strength: link.strength }))} />`}
    </section>`;
  }

  function Charts() {
    return html`<${HeatMap} type="has_symptom" colour="SYMPTOM" title="Conditions and their symptoms" tailName="symptoms" />
      <${HeatMap} type="affects" colour="BODY_PART" title="Body parts that conditions affect" tailName="body parts" />
      <${Network} />`;
  }

  Object.assign(app, { Charts });
}
