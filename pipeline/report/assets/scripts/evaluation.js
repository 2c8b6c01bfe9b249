// How the run agrees with gold: scores, what was taken for what, and every error in its place.
"use strict";

{
  const {
    html, useEffect, useMemo, useRef, useState, open, rows, index, article, link, replaceRoute, count, many,
    decimal, TYPE_NAMES, RELATION_NAMES, TypeTag, Curie, Select, Pager, DataTable, DownloadCsv,
    MarkedText,
  } = app;

  const GOLD_MENTION = ["type", "start", "end", "concepts", "negated", "uncertain"];
  const RELATION = ["type", "head", "tail", "agrees"];
  const NOTHING = "nothing";
  const PAGE_ERRORS = 20;
  // So much of a long article is shown at once.
  const PAGE_CHARS = 20_000;
  const KINDS = {
    missed: "in the gold, and nothing was found there",
    spurious: "found, and nothing is there in the gold",
    "wrong type": "the same words, but another type",
    "boundary left": "begins elsewhere",
    "boundary right": "ends elsewhere",
    "boundary both": "begins and ends elsewhere",
    split: "found in several pieces",
    merged: "several of the gold found as one",
    "wrong concept": "the right words, but another concept or none",
    "wrong negation": "denied in one and stated in the other",
    "wrong hedge": "hedged in one and certain in the other",
    "missing relation": "told in the gold, and not found",
    "extra relation": "found, and not told in the gold",
  };

  let known = null;

  // What the page has of the evaluation, its documents by number of their article.
  function evaluation() {
    if (known === null) {
      const data = open("evaluation");
      const documents = data.documents.map((document) => ({
        ...document,
        mentions: document.mentions.map((values, number) => ({ id: `gold-${number}`, ...named(values, GOLD_MENTION) })),
        relations: document.relations.map((values) => named(values, RELATION)),
        predicted_relations: document.predicted_relations.map((values) => named(values, RELATION)),
      }));
      known = {
        ...data,
        documents: new Map(documents.map((document) => [document.article, document])),
        errors: rows(data.errors).map((error, number) => ({ ...error, number })),
      };
    }
    return known;
  }

  function named(values, names) {
    return Object.fromEntries(names.map((name, place) => [name, values[place]]));
  }

  function titleOf(number) {
    const { title, doc_id: id } = index()[number];
    return title || id;
  }

  function typeName(type) {
    return TYPE_NAMES[type] ?? RELATION_NAMES[type] ?? type;
  }

  // Scores.

  function three(value) {
    return decimal(value, 3);
  }

  // Where the scale of the intervals begins: the last tenth below all of them; it ends at 1.
  function floorOf(lines) {
    const ends = lines.filter((line) => line.gold + line.predicted > 0).map((line) => Math.min(line.low, line.f1));
    return Math.min(0.9, Math.floor(Math.min(...ends) * 10) / 10);
  }

  // A score in its interval; the figures are beside it as text.
  function IntervalBar({ line, floor }) {
    if (line.gold + line.predicted === 0) return null;
    const at = (value) => (value - floor) / (1 - floor);
    const style = { "--low": at(line.low), "--high": at(line.high), "--score": at(line.f1) };
    return html`<span class="interval" aria-hidden="true" style=${style}><i></i><b></b></span>`;
  }

  const SCORE_COLUMNS = [
    { key: "score", label: "Score", value: (line) => line.name },
    { key: "precision", label: "Precision", numeric: true, value: (line) => line.precision, show: (line) => three(line.precision) },
    { key: "recall", label: "Recall", numeric: true, value: (line) => line.recall, show: (line) => three(line.recall) },
    { key: "f1", label: "F1", numeric: true, value: (line) => line.f1, show: (line) => html`<strong>${three(line.f1)}</strong>` },
  ];
  const COUNT_COLUMNS = [["gold", "Gold"], ["predicted", "Predicted"], ["matched", "Matched"]].map(([key, label]) => ({
    key, label, numeric: true, value: (row) => row[key], show: (row) => count(row[key]),
  }));

  function lineColumns(lines) {
    const floor = floorOf(lines);
    const interval = {
      key: "interval", label: "95 % of F1", short: true, value: (line) => `${three(line.low)} to ${three(line.high)}`,
      title: `Interval of the F1 by bootstrap over the articles, drawn from ${floor.toFixed(1)} to 1`,
      show: (line) => html`<span class="with-bar"><span>${three(line.low)} to ${three(line.high)}</span>
        <${IntervalBar} line=${line} floor=${floor} /></span>`,
    };
    return [...SCORE_COLUMNS, interval, ...COUNT_COLUMNS];
  }

  const MEAN_COLUMNS = [
    ...SCORE_COLUMNS,
    { key: "documents", label: "Articles", numeric: true, value: (line) => line.documents, show: (line) => count(line.documents),
      title: "Articles in which there was something to find or something was found" },
  ];
  const DOCUMENT_COLUMNS = [
    { key: "article", label: "Article", value: ({ article: number }) => titleOf(number),
      show: ({ article: number }) => html`<a href=${link("evaluation", [], { doc: number })}><bdi>${titleOf(number)}</bdi></a>` },
    { key: "doc_id", label: "Id", value: ({ article: number }) => index()[number].doc_id,
      show: ({ article: number }) => html`<bdi>${index()[number].doc_id}</bdi>` },
    { key: "f1", label: "F1 of mentions", numeric: true, value: (row) => row.f1, show: (row) => three(row.f1),
      title: "All types, same words and same type" },
    ...COUNT_COLUMNS,
    { key: "errors", label: "Errors", numeric: true, value: (row) => row.errors,
      show: (row) => html`<a href=${link("evaluation", ["errors"], { article: row.article })}
        aria-label=${`${many(row.errors, "error")} of ${titleOf(row.article)}`}>${count(row.errors)}</a>` },
  ];
  const AS_THEY_COME = { key: "", descending: false };
  const HEADLINES = [
    ["ALL strict", "F1 of mentions", "same words and type"],
    ["ALL partial", "F1 of mentions, with overlaps", "half for other boundaries"],
    ["mention and concept", "F1 of mentions with concept", "words, type and concept right"],
    ["concept set, ALL", "F1 of concepts", "that each article names"],
  ];
  const READING = [
    ["strict", "same words and same type"],
    ["partial", "overlapping words; half a match where the boundaries differ. Of ALL, the type does not matter"],
    ["exact, type", "same words whatever the type; overlapping words of the same type"],
    ["concept, given the …", "whether the concept is right where words and type are"],
    ["mention and concept", "words, type and concept all right"],
    ["mentions with a concept", "how many of the predicted mentions have a concept at all"],
    ["concept set", "the distinct concepts that an article names, however often; denied ones left out"],
    ["negated, uncertain", "whether denials and hedges are found where words and type are right"],
    ["has_symptom, affects, located_in", "relations between distinct concepts in an article; denied ones left out"],
    ["pairs in a …", "two concepts that stand together in a sentence, a section or a document"],
    ["95 %", "the interval in which 95 of 100 F1 lie when articles are drawn anew, with replacement; the line shows it, up to 1 at its end"],
    ["means over documents", "each article counts the same, however long it is"],
  ];

  function Headlines({ lines }) {
    const byName = new Map(lines.map((line) => [line.name, line]));
    return html`<div class="tiles">${HEADLINES.map(([name, label, detail]) => {
      const line = byName.get(name);
      return html`<div class="tile"><strong>${three(line.f1)}</strong><span>${label}</span>
        <small class="muted">${detail}</small><small class="muted">${three(line.low)} to ${three(line.high)}</small></div>`;
    })}</div>`;
  }

  function Problems({ problems }) {
    if (problems.length === 0) return null;
    return html`<section class="card"><h2>Problems of the gold files</h2>
      <ul>${problems.map((problem) => html`<li><bdi>${problem}</bdi></li>`)}</ul></section>`;
  }

  function Scores() {
    const { lines, means, documents, problems } = evaluation();
    const articles = useMemo(() => [...documents.values()], []);
    const columns = useMemo(() => lineColumns(lines), []);
    return html`<${Headlines} lines=${lines} />
      <${Problems} problems=${problems} />
      <section aria-labelledby="scores-heading"><h2 id="scores-heading">Scores</h2>
        <details class="card"><summary>How to read them</summary>
          <dl class="facts">${READING.map(([name, text]) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl></details>
        <${DataTable} name="scores" label="scores" columns=${columns} rows=${lines} rowKey=${(line) => line.name}
          start=${AS_THEY_COME} pageSize=${100} /></section>
      <section aria-labelledby="means-heading"><h2 id="means-heading">Means over documents</h2>
        <${DataTable} name="means" label="means" columns=${MEAN_COLUMNS} rows=${means} rowKey=${(line) => line.name}
          start=${AS_THEY_COME} /></section>
      <section aria-labelledby="gold-articles-heading"><h2 id="gold-articles-heading">Articles with gold</h2>
        <${DataTable} name="gold-articles" label=${articles.length === 1 ? "article" : "articles"} columns=${DOCUMENT_COLUMNS}
          rows=${articles} rowKey=${(row) => row.article} start=${AS_THEY_COME} /></section>`;
  }

  // Errors.

  function wanted({ kind = "", type = "", gold = "", predicted = "", article: number = "", source = "" }) {
    return (error) => (!kind || error.kind === kind)
      && (!type || error.expected === type || error.found === type)
      && (!gold || error.expected === gold) && (!predicted || error.found === predicted)
      && (!number || error.article === Number(number)) && (!source || error.source === source);
  }

  function ConfusionCell({ number, gold, predicted, errors, chosen, onShow }) {
    const shown = errors.filter(wanted({ gold, predicted })).length;
    if (shown === 0) return html`<span class=${number === 0 ? "muted" : ""}>${count(number)}</span>`;
    const name = `${count(number)}: ${typeName(gold)} in the gold, found as ${typeName(predicted)}; show ${many(shown, "error")}`;
    return html`<button type="button" aria-label=${name} title=${name} aria-pressed=${chosen}
      onClick=${() => onShow({ gold, predicted })}>${count(number)}</button>`;
  }

  function Confusion({ query, onShow }) {
    const { axis, confusion: cells, errors } = evaluation();
    const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
    const cell = (row, column) => {
      const [gold, predicted] = [axis[row], axis[column]];
      // Nothing on both sides is nobody's mistake.
      if (gold === NOTHING && predicted === NOTHING) return html`<td></td>`;
      const share = cells[row][column] / Math.max(1, sum(cells[row]));
      return html`<td class=${row === column ? "agrees" : "differs"} style=${{ "--share": Math.sqrt(share) }}>
        <${ConfusionCell} number=${cells[row][column]} gold=${gold} predicted=${predicted} errors=${errors}
          chosen=${query.gold === gold && query.predicted === predicted} onShow=${onShow} /></td>`;
    };
    const csv = () => axis.map((gold, row) => ({
      gold, ...Object.fromEntries(axis.map((predicted, column) => [predicted, cells[row][column]])),
    }));
    const names = (last) => axis.map((type) => (type === NOTHING ? last : typeName(type)));
    return html`<section class="card types" aria-labelledby="confusion-heading">
      <div class="card-top"><h2 id="confusion-heading">What was found as what</h2><${DownloadCsv} name="confusion" rows=${csv} /></div>
      <p class="muted"><small>Rows are types in the gold, columns what was found. Choose a number to see its errors.</small></p>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of types"><table class="confusion">
        <caption class="hidden">Mentions by their type in the gold (rows) and as they were found (columns)</caption>
        <thead><tr><th scope="col">gold</th>${names("missed").map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">all</th></tr></thead>
        <tbody>${names("spurious").map((name, row) => html`<tr><th scope="row">${name}</th>
          ${axis.map((_, column) => cell(row, column))}<td class="sum">${count(sum(cells[row]))}</td></tr>`)}
          <tr class="sum"><th scope="row">all</th>${axis.map((_, column) => html`<td>${count(sum(cells.map((row) => row[column])))}</td>`)}
            <td></td></tr></tbody>
      </table></div></section>`;
  }

  function Kinds({ query, onShow }) {
    const { errors } = evaluation();
    const counts = useMemo(() => Object.keys(KINDS)
      .map((kind) => ({ kind, errors: errors.filter((error) => error.kind === kind).length }))
      .filter((row) => row.errors > 0), []);
    const most = Math.max(...counts.map((row) => row.errors));
    return html`<section class="card" aria-labelledby="kinds-heading">
      <div class="card-top"><h2 id="kinds-heading">Errors by kind</h2><${DownloadCsv} name="error-kinds" rows=${() => counts} /></div>
      <ul class="kinds">${counts.map(({ kind, errors: number }) => html`<li key=${kind}>
        <button type="button" aria-pressed=${query.kind === kind} onClick=${() => onShow({ kind })}>
          <span><strong>${kind}</strong> <small class="muted">${KINDS[kind]}</small></span>
          <span class="number">${count(number)}</span>
          <span class="kind-bar" aria-hidden="true" style=${{ "--share": number / most }}></span></button></li>`)}</ul></section>`;
  }

  function Filters({ query, onChange }) {
    const { errors, documents } = evaluation();
    const options = useMemo(() => {
      const there = (value) => new Set(errors.flatMap(value));
      const kinds = there((error) => error.kind);
      const types = there((error) => [error.expected, error.found]);
      const numbers = there((error) => error.article);
      return {
        kind: Object.keys(KINDS).filter((kind) => kinds.has(kind)).map((kind) => [kind, kind]),
        type: Object.entries({ ...TYPE_NAMES, ...RELATION_NAMES }).filter(([type]) => types.has(type)),
        article: [...documents.keys()].filter((number) => numbers.has(number)).map((number) => [String(number), titleOf(number)]),
        source: [...there((error) => error.source)].filter(Boolean).sort().map((source) => [source, source]),
      };
    }, []);
    const choice = (key, label) => html`<${Select} label=${label} value=${query[key] ?? ""}
      options=${[["", "all"], ...options[key]]} onChange=${(value) => onChange({ ...query, [key]: value })} />`;
    const pair = query.gold || query.predicted;
    return html`<form class="filters" onSubmit=${(event) => event.preventDefault()}>
      ${choice("kind", "Kind")} ${choice("type", "Type")} ${choice("article", "Article")} ${choice("source", "Found by")}
      ${pair && html`<button type="button" onClick=${() => onChange({ ...query, gold: "", predicted: "" })}>
        ${typeName(query.gold)} found as ${typeName(query.predicted)} <span aria-hidden="true">✕</span><span class="hidden">, drop this filter</span></button>`}
      ${Object.values(query).some(Boolean) && html`<button type="button" onClick=${() => onChange({})}>Show all errors</button>`}
    </form>`;
  }

  // Names of the concepts of a predicted mention, as the gold has its own: alternatives in a list.
  function conceptsOf({ conceptId, conceptLabel }) {
    const names = conceptLabel?.split("; ") ?? [];
    return (conceptId?.split(",") ?? []).map((id, place) => [{ id, name: names[place] }]);
  }

  function Concepts({ concepts }) {
    if (concepts.length === 0) return html`<span class="muted">no concept</span>`;
    const one = ({ id, name }) => html`<span class="concept">${name && html`<bdi>${name}</bdi> `}<${Curie} id=${id} /></span>`;
    return concepts.map((alternatives, place) => html`${place > 0 && " and "}${alternatives.map((concept, number) =>
      html`${number > 0 && " or "}${one(concept)}`)}`);
  }

  // What one side says: of a mention its type, or what the error is about; of a relation its ends.
  function Saying({ error, mentions, text }) {
    const [head, tail] = mentions;
    const words = (mention) => html`<bdi>${text.slice(mention.start, mention.end)}</bdi>`;
    if (head === undefined) return html`<em>${error.kind.endsWith("relation") ? "no such relation" : "nothing"}</em>`;
    if (tail !== undefined) return html`${words(head)} <em>${RELATION_NAMES[error.label]}</em> ${words(tail)}`;
    const said = {
      "wrong concept": () => html`<${Concepts} concepts=${head.concepts} />`,
      "wrong negation": () => html`<em>${head.negated ? "denied" : "stated"}</em>`,
      "wrong hedge": () => html`<em>${head.uncertain ? "hedged" : "certain"}</em>`,
    }[error.kind];
    return html`<${TypeTag} type=${head.type} /> ${words(head)}${said && html`: ${said()}`}`;
  }

  // Stretches of a text; dots stand for what is left out.
  function Excerpt({ text, stretches, mentions }) {
    const opening = stretches[0][0];
    const cut = opening > 0 && !/[.!?]\s+$|\n\s*$/.test(text.slice(Math.max(0, opening - 20), opening));
    return html`<p class="excerpt" dir="auto">${cut && "… "}${stretches.map(([from, to], place) => html`${place > 0 && " … "}
      <${MarkedText} text=${text} from=${from} to=${to} mentions=${mentions} />`)}</p>`;
  }

  function Side({ name, said, error, text, mentions, asked }) {
    const chosen = asked.map((number) => mentions[number]);
    const marked = mentions.map((mention, number) => ({ ...mention, className: asked.includes(number) ? "differs" : "agrees" }));
    return html`<div class="side"><h4>${name}</h4>
      <${Excerpt} text=${text} stretches=${error.context} mentions=${marked} />
      <p class="saying"><span class="muted">${said}</span> <${Saying} error=${error} mentions=${chosen} text=${text} /></p></div>`;
  }

  // An article goes to mentions that were found: to the one in question, or the nearest in its sentence.
  function placeIn(predicted, error, asked) {
    if (error.predicted_mentions.length > 0) return predicted[error.predicted_mentions[0]].start;
    const { start } = asked[0];
    const [from, to] = error.context.find(([first, last]) => first <= start && start < last);
    const near = inside(predicted, { from, to }).map((mention) => mention.start);
    return near.sort((one, other) => Math.abs(one - start) - Math.abs(other - start))[0] ?? start;
  }

  function ErrorCard({ error }) {
    const { labels, documents } = evaluation();
    const { text, mentions: found, relations } = article(error.article);
    const gold = documents.get(error.article).mentions.map((mention) => ({
      ...mention, concepts: mention.concepts.map((ids) => ids.map((id) => ({ id, name: labels[id] }))),
    }));
    const predicted = found.map((mention) => ({ ...mention, concepts: conceptsOf(mention) }));
    const asked = [...error.gold_mentions.map((number) => gold[number]), ...error.predicted_mentions.map((number) => predicted[number])];
    const [head, tail] = error.predicted_mentions;
    const relation = tail === undefined ? undefined
      : relations.find((row) => row.type === error.label && row.head === head && row.tail === tail);
    return html`<li class="card error">
      <div class="card-top"><h3>${error.kind}</h3>
        <span class="places"><bdi>${titleOf(error.article)}</bdi>
          <a href=${link("article", [error.article], { at: placeIn(predicted, error, asked) })}>In the article</a>
          <a href=${link("evaluation", [], { doc: error.article, at: asked[0].start })}>Gold beside predicted</a></span></div>
      <div class="sides">
        <${Side} name="Gold" said="expected" error=${error} text=${text} mentions=${gold} asked=${error.gold_mentions} />
        <${Side} name="Predicted" said="found" error=${error} text=${text} mentions=${predicted} asked=${error.predicted_mentions} />
      </div>
      ${(error.source || error.nearest || relation) && html`<p class="muted">
        ${error.source && html`Found by ${error.source}. `}${error.nearest && html`Nearest in the gold: <bdi>${error.nearest}</bdi>. `}
        ${relation && html`Score ${decimal(relation.score)}, ${relation.rule}${relation.cue && html`, cue “<bdi>${relation.cue}</bdi>”`}.`}</p>`}
    </li>`;
  }

  function csvOf(errors) {
    return errors.map((error) => ({
      doc_id: index()[error.article].doc_id, kind: error.kind, label: error.label, expected: error.expected,
      found: error.found, start: error.start, end: error.end, gold: error.gold, predicted: error.predicted,
      source: error.source, nearest: error.nearest,
    }));
  }

  function Errors({ query: { page: wish = "1", ...query } }) {
    const { errors } = evaluation();
    const heading = useRef(null);
    const found = useMemo(() => errors.filter(wanted(query)), [JSON.stringify(query)]);
    const set = (change) => replaceRoute("evaluation", ["errors"], change);
    const toList = () => {
      heading.current.focus({ preventScroll: true });
      heading.current.scrollIntoView({ block: "start" });
    };
    // Those above count all errors: without other filters as many are shown as they say.
    const show = (change) => { set(change); toList(); };
    const pages = Math.max(1, Math.ceil(found.length / PAGE_ERRORS));
    const page = Math.min(pages, Math.max(1, Math.trunc(Number(wish)) || 1)) - 1;
    if (errors.length === 0) return html`<p class="empty">There are none: the run says what the gold says.</p>`;
    return html`<div class="columns"><${Confusion} query=${query} onShow=${show} /><${Kinds} query=${query} onShow=${show} /></div>
      <h2 ref=${heading} tabindex="-1">Errors in context</h2>
      <${Filters} query=${query} onChange=${set} />
      <div class="table-top"><span role="status">${many(found.length, "error")}${found.length < errors.length && ` of ${count(errors.length)}`}</span>
        <${DownloadCsv} name="errors" rows=${() => csvOf(found)} /></div>
      ${found.length === 0 && html`<p class="empty">Nothing here. Change the filters.</p>`}
      <ol class="errors">${found.slice(page * PAGE_ERRORS, (page + 1) * PAGE_ERRORS)
        .map((error) => html`<${ErrorCard} key=${error.number} error=${error} />`)}</ol>
      <${Pager} page=${page} pages=${pages} label="errors" onPage=${(next) => { set({ ...query, page: next + 1 }); toList(); }} />`;
  }

  // An article, gold beside predicted.

  // Lines with something in them; several are one block where a mention goes from line to line.
  function blocksOf(text, mentions) {
    const points = text.points ?? text.string;
    const ordered = [...mentions].sort((one, other) => one.start - other.start);
    const blocks = [];
    let from = 0;
    let reach = 0;
    let next = 0;
    for (let at = 0; at < text.length; at += 1) {
      if (points[at] !== "\n" && at + 1 < text.length) continue;
      for (; next < ordered.length && ordered[next].start <= at; next += 1) reach = Math.max(reach, ordered[next].end);
      if (reach > at + 1) continue;
      if (text.slice(from, at + 1).trim()) blocks.push({ from, to: points[at] === "\n" ? at : at + 1 });
      from = at + 1;
    }
    return blocks;
  }

  function pagesOf(blocks) {
    const pages = [];
    let room = 0;
    for (const block of blocks) {
      if (room <= 0) { pages.push([]); room = PAGE_CHARS; }
      room -= block.to - block.from;
      pages[pages.length - 1].push(block);
    }
    return pages;
  }

  function inside(mentions, { from, to }) {
    return mentions.filter((mention) => mention.start < to && mention.end > from);
  }

  // Both sides of an article, each mention with whether any error is about it.
  function sidesOf(document, found) {
    const { errors } = evaluation();
    const wrong = { gold_mentions: new Set(), predicted_mentions: new Set() };
    for (const error of errors) {
      if (error.article !== document.article || error.kind.endsWith("relation")) continue;
      for (const side of Object.keys(wrong)) error[side].forEach((number) => wrong[side].add(number));
    }
    const mark = (mentions, side) => mentions.map((mention, number) => ({
      ...mention, className: wrong[side].has(number) ? "differs" : "agrees",
    }));
    return [mark(document.mentions, "gold_mentions"), mark(found.mentions, "predicted_mentions")];
  }

  function Beside({ text, gold, predicted, at }) {
    const frame = useRef(null);
    const pages = useMemo(() => pagesOf(blocksOf(text, [...gold, ...predicted])), [text]);
    const pageAt = (place) => Math.max(0, pages.findLastIndex((blocks) => blocks[0].from <= place));
    const [page, setPage] = useState(() => pageAt(at ?? 0));
    useEffect(() => {
      if (at === null) return undefined;
      setPage(pageAt(at));
      // After the frame of the page, which goes to the top with every new view.
      const timer = setTimeout(() => frame.current?.querySelector(".selected, .asked")?.scrollIntoView({ block: "center" }));
      return () => clearTimeout(timer);
    }, [text, at]);
    const shown = pages[Math.min(page, pages.length - 1)] ?? [];
    const cell = (name, block, mentions) => html`<td role="cell" data-label=${name} dir="auto"><${MarkedText} text=${text}
      from=${block.from} to=${block.to} mentions=${mentions} selected=${mentions.find(({ start }) => start === at)?.id} /></td>`;
    return html`<table role="table" class="beside" ref=${frame}>
        <caption class="hidden">The article line by line, with the mentions of the gold and the predicted ones</caption>
        <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Gold</th><th role="columnheader" scope="col">Predicted</th></tr></thead>
        <tbody role="rowgroup">${shown.map((block) => {
          const sides = [inside(gold, block), inside(predicted, block)];
          const same = sides.flat().every((mention) => mention.className === "agrees");
          const asked = at !== null && block.from <= at && at < block.to;
          return html`<tr role="row" key=${block.from} class=${[same && "same", asked && "asked"].filter(Boolean).join(" ")}>
            ${cell("Gold", block, sides[0])}${cell("Predicted", block, sides[1])}</tr>`;
        })}</tbody></table>
      <${Pager} page=${page} pages=${pages.length} label="the article" onPage=${(next) => { setPage(next); scrollTo(0, 0); }} />`;
  }

  // Relations by their words, each once, and apart those that an error is about.
  function RelationList({ name, relations, mentions, text }) {
    const lines = useMemo(() => {
      const words = ({ start, end }) => text.slice(start, end);
      const found = new Map();
      for (const relation of relations) {
        const [head, tail] = [words(mentions[relation.head]), words(mentions[relation.tail])];
        const key = [relation.type, head, tail].join("\n").toLowerCase();
        if (!found.has(key)) found.set(key, { ...relation, head, tail });
      }
      return [...found.values()];
    }, [relations]);
    const [only, both] = [false, true].map((agrees) => lines.filter((line) => line.agrees === agrees));
    const list = (some) => html`<ul class="relation-lines">${some.map((line) => html`<li><bdi>${line.head}</bdi>${" "}
      <em>${RELATION_NAMES[line.type]}</em> <bdi>${line.tail}</bdi></li>`)}</ul>`;
    return html`<section class="card"><h3>${name}</h3>
      <p>${only.length > 0 ? `${many(only.length, "relation")} only here:` : both.length > 0 ? "None is only here." : "There are none."}</p>
      <div class="only">${list(only)}</div>
      ${both.length > 0 && html`<details><summary>${many(both.length, "relation")} on both sides</summary>${list(both)}</details>`}</section>`;
  }

  function GoldArticle({ query }) {
    const { documents } = evaluation();
    const number = query.doc === "" ? NaN : Number(query.doc);
    const document = documents.get(number);
    if (document === undefined) return html`<p class="empty">There is no gold of such an article. <a href=${link("evaluation")}>Back to the scores</a></p>`;
    const found = article(number);
    const [gold, predicted] = useMemo(() => sidesOf(document, found), [number]);
    const at = query.at ? Number(query.at) : null;
    return html`<header class="article-head"><h2><bdi>${titleOf(number)}</bdi></h2>
        <p class="muted"><bdi>${found.doc_id}</bdi> · F1 of mentions ${three(document.f1)} · ${count(document.gold)} in the gold,
          ${" "}${count(document.predicted)} predicted · <a href=${link("evaluation", ["errors"], { article: number })}>${many(document.errors, "error")}</a>
          ${" "}· <a href=${link("article", [number])}>the article by itself</a></p>
        <p class="legend"><span><span class="mention SYMPTOM agrees">agrees</span></span><span><span class="mention SYMPTOM differs">differs</span></span>
          <span><span class="mention SYMPTOM agrees negated">denied</span></span><span><span class="mention SYMPTOM agrees uncertain">hedged</span></span></p></header>
      <${Beside} key=${number} text=${found.text} gold=${gold} predicted=${predicted} at=${at} />
      <div class="columns">
        <${RelationList} name="Relations of the gold" relations=${document.relations} mentions=${document.mentions} text=${found.text} />
        <${RelationList} name="Predicted relations" relations=${document.predicted_relations} mentions=${found.mentions} text=${found.text} />
      </div>`;
  }

  function Evaluation({ route: { rest, query } }) {
    const { errors } = evaluation();
    const part = rest[0] === "errors" ? "errors" : query.doc != null ? "article" : "scores";
    const to = (name, label, address) => html`<a href=${address} aria-current=${part === name ? "page" : undefined}>${label}</a>`;
    return html`<nav class="parts" aria-label="Parts of the evaluation">
        ${to("scores", "Scores", link("evaluation"))}${to("errors", `Errors (${count(errors.length)})`, link("evaluation", ["errors"]))}
        ${part === "article" && to("article", "Gold beside predicted", link("evaluation", [], query))}</nav>
      ${part === "errors" && html`<${Errors} query=${query} />`}
      ${part === "scores" && html`<${Scores} />`}
      ${part === "article" && html`<${GoldArticle} key=${query.doc} query=${query} />`}`;
  }

  Object.assign(app, { Evaluation });
}
