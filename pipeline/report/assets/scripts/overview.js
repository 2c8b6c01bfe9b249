// What the run is and found, at one look.
"use strict";

{
  const { html, open, rows, index, many, count, TYPES, TYPE_PLURALS, Chart, go, DataTable } = app;

  function Tile({ number, label, detail }) {
    return html`<div class="tile"><strong>${count(number)}</strong><span>${label}</span>
      ${detail && html`<small class="muted">${detail}</small>`}</div>`;
  }

  function topSpec(type, top) {
    return (colours, width) => ({
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      width: Math.max(120, width - 190),
      height: { step: 22 },
      autosize: { type: "pad" },
      data: { values: top },
      encoding: {
        y: { field: "label", type: "nominal", sort: null, axis: { title: null, labelLimit: 170, ticks: false, domain: false } },
        x: { field: "documents", type: "quantitative", axis: { title: "articles", tickMinStep: 1, tickCount: 4 } },
        tooltip: [
          { field: "label", title: "concept" }, { field: "concept_id", title: "id" },
          { field: "documents" }, { field: "mentions" },
        ],
      },
      layer: [
        { mark: { type: "bar", color: colours[type], cornerRadiusEnd: 2, cursor: "pointer" } },
        { mark: { type: "text", align: "left", dx: 4, color: colours.muted, fontSize: 11 },
          encoding: { text: { field: "documents" } } },
      ],
    });
  }

  function Top({ type }) {
    const top = rows(open("overview").top[type]).slice(0, 12);
    if (top.length === 0) return null;
    const show = (row) => go("relations", [], { q: row.label, type: "all" });
    return html`<section class="card"><h2>Most frequent ${TYPE_PLURALS[type]}</h2>
      <${Chart} name="top-${TYPE_PLURALS[type].replace(" ", "-")}" spec=${topSpec(type, top)} onClick=${show}
        label="Articles that name each of the ${top.length} most frequent ${TYPE_PLURALS[type]}"
        rows=${() => rows(open("overview").top[type])} /></section>`;
  }

  const ERROR_COLUMNS = [
    { key: "path", label: "File", value: (row) => row.path },
    { key: "stage", label: "Stage", value: (row) => row.stage },
    { key: "error", label: "Error", value: (row) => row.error },
    { key: "message", label: "Message", value: (row) => row.message },
  ];

  function Errors({ errors }) {
    if (errors.total === 0) return html`<section class="card"><h2>Errors</h2><p>None: every input was read.</p></section>`;
    const found = rows(errors.rows).map((row, number) => ({ ...row, number }));
    return html`<section class="card"><h2>Errors</h2>
      ${found.length < errors.total && html`<p class="note">The first ${count(found.length)} of ${count(errors.total)}; errors.csv has them all.</p>`}
      <${DataTable} name="errors" label="errors" columns=${ERROR_COLUMNS} rows=${found}
        rowKey=${(row) => row.number} start=${{ key: "path", descending: false }} /></section>`;
  }

  function Facts({ run, tables }) {
    const facts = [
      ["symptograph", run.symptograph], ["Python", run.python],
      ["Profile", run.config.profile], ["Settings", run.config_digest],
      ["Inputs", run.inputs.join(", ")],
      ...Object.entries(run.terminology).map(([name, source]) => [name, `${source.version}, ${many(source.terms, "term")}`]),
      ...Object.entries(run.packages),
    ];
    return html`<section class="card"><h2>What made it</h2>
      <details><summary>Versions of program, terminologies and packages</summary>
        <dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></details>
      <details><summary>Tables and their SHA-256</summary>
        <dl class="facts">${tables.map((table) => html`<div><dt>${table.table}</dt>
          <dd>${many(table.rows, "row")}<br /><code>${table.sha256}</code></dd></div>`)}</dl></details>
    </section>`;
  }

  function Overview() {
    const { run, types, errors, tables, n_pairs: pairs } = open("overview");
    return html`<div class="tiles">
        <${Tile} number=${run.counts.documents} label="articles"
          detail=${index().length < run.counts.documents && `${count(index().length)} can be read here`} />
        ${types.map((row) => html`<${Tile} number=${row.mentions} label="mentions of ${TYPE_PLURALS[row.type]}"
          detail=${`${many(row.concepts, "concept")}, ${count(row.negated)} denied, ${count(row.uncertain)} hedged`} />`)}
        <${Tile} number=${run.counts.relations} label="relations" detail=${many(pairs, "pair")} />
        <${Tile} number=${errors.total} label="errors" />
      </div>
      <div class="columns">${TYPES.map((type) => html`<${Top} key=${type} type=${type} />`)}</div>
      <${Errors} errors=${errors} />
      <${Facts} run=${run} tables=${tables} />`;
  }

  Object.assign(app, { Overview });
}
