// Where reviews begin and end: articles with how far each is, exports, and taking work elsewhere.
"use strict";

{
  const {
    html, useState, useMemo, index, link, count, many, download, DataTable, ConfirmDialog, ReviewNotices, SampleNote,
    reviewOf, changeReview, useReviews, reviewStore, reviewExport,
  } = app;

  function decidedOf(row) {
    return Object.keys(reviewOf(row).mentions).length;
  }

  function stateOf(row) {
    const review = reviewOf(row);
    if (review.done) return "done";
    return reviewStore.isUntouched(review) ? "not begun" : "begun";
  }

  const VERBS = { done: "Look again", begun: "Go on", "not begun": "Begin" };

  function changesOf(row) {
    const { mentions, added, relations, links } = reviewOf(row);
    const changed = (decisions) => Object.values(decisions).filter(({ verdict }) => verdict !== "accepted").length;
    return changed(mentions) + added.length + changed(relations) + links.length;
  }

  const COLUMNS = [
    { key: "title", label: "Article", value: (row) => row.title || row.doc_id,
      show: (row) => html`<a href=${link("article", [row.number], { review: "1" })}><bdi>${row.title || row.doc_id}</bdi></a>` },
    { key: "state", label: "State", value: stateOf, show: (row) => html`<span class="state ${stateOf(row)}">${stateOf(row)}</span>` },
    { key: "decided", label: "Decided", numeric: true, title: "Mentions that were decided one by one", value: decidedOf,
      show: (row) => `${count(decidedOf(row))} of ${count(row.n_entities)}` },
    { key: "changes", label: "Changes", numeric: true, title: "What is rejected, fixed or added", value: changesOf, show: (row) => count(changesOf(row)) },
    { key: "review", label: "Review", value: (row) => VERBS[stateOf(row)],
      show: (row) => html`<a href=${link("article", [row.number], { review: "1" })} aria-label="${VERBS[stateOf(row)]}: ${row.title || row.doc_id}">${VERBS[stateOf(row)]}</a>` },
  ];

  function Introduction() {
    return html`<section class="card review-about"><h2>Review: make gold of what the run found</h2>
      <p>Read an article, reject or fix what is wrong, add what is missing, and mark it as done: all that you left alone then counts as right.
        What is done can be exported as gold, to score a run by it and to train on it:</p>
      <pre><code>symptograph evaluate review.jsonl --pred RUN_DIR
symptograph train --train review.jsonl --dev DEV_DIR --out MODEL_DIR</code></pre></section>`;
  }

  function Exports({ done }) {
    const none = done.length === 0;
    const lines = () => download("review.jsonl", reviewExport.jsonLines(), "application/x-ndjson;charset=utf-8");
    const brat = () => download("review-brat.zip", reviewExport.bratZip(), "application/zip");
    return html`<section class="card"><h2>Export</h2>
      <p id="export-what">${none ? "No article is done yet; mark one as done to export it." : `${many(done.length, "article")} ${done.length === 1 ? "is" : "are"} done and will be in it.`}</p>
      <div class="acts">
        <button type="button" class="primary" disabled=${none} aria-describedby="export-what" onClick=${lines}>JSON lines</button>
        <button type="button" disabled=${none} aria-describedby="export-what" onClick=${brat}>BRAT (zip)</button></div></section>`;
  }

  function take(found, lost) {
    for (const [row, review] of found) changeReview(row, review);
    return `Loaded ${many(found.length, "article")}${lost > 0 ? `; ${many(lost, "article")} of the file cannot be used on this page` : ""}.`;
  }

  function isOther([row, review]) {
    const here = reviewOf(row);
    return !reviewStore.isUntouched(here) && JSON.stringify(here) !== JSON.stringify(review);
  }

  function Keeping() {
    const [said, say] = useState("");
    const [asked, ask] = useState(null);
    const begun = index().filter((row) => !reviewStore.isUntouched(reviewOf(row)));
    const save = () => download("review-state.json", JSON.stringify(reviewStore.bundle()), "application/json");
    const load = async ({ target }) => {
      if (target.files.length === 0) return;
      const { found = [], lost, problem } = reviewStore.unbundle(await target.files[0].text());
      const others = found.filter(isOther).length;
      target.value = "";
      if (problem !== undefined) say(problem);
      else if (others === 0) say(take(found, lost));
      else ask({ question: `Replace what is decided here of ${many(others, "article")}?`, verb: "Replace", does: () => say(take(found, lost)) });
    };
    const forget = () => { reviewStore.forgetAll(); say("All decisions are forgotten."); };
    const startOver = () => ask({ question: `Forget all decisions on ${many(begun.length, "article")}?`, verb: "Forget", does: forget });
    return html`<section class="card"><h2>Keep</h2>
      <p>Decisions are kept in this browser, for this run only. To go on in another browser, save them here and load them there.</p>
      <div class="acts">
        <button type="button" disabled=${begun.length === 0} onClick=${save}>Save the review</button>
        <label class="button file">Load a review<input type="file" class="hidden" accept=".json,application/json" onChange=${load} /></label>
        <button type="button" disabled=${begun.length === 0} onClick=${startOver}>Start over</button></div>
      <p role="status" class="said">${said}</p>
      ${asked && html`<${ConfirmDialog} question=${asked.question} verb=${asked.verb} onConfirm=${asked.does} onClose=${() => ask(null)} />`}</section>`;
  }

  function ReviewHome() {
    useReviews();
    const all = index();
    const done = reviewExport.doneArticles();
    // The table takes rows for changed when the array is another one.
    const states = all.map((row) => `${stateOf(row)} ${decidedOf(row)} ${changesOf(row)}`).join();
    const rows = useMemo(() => [...all], [states]);
    return html`<${ReviewNotices} /><${SampleNote} /><${Introduction} />
      <div class="columns"><${Exports} done=${done} /><${Keeping} /></div>
      <p><progress max=${Math.max(1, all.length)} value=${done.length}></progress> ${count(done.length)} of ${many(all.length, "article")} done</p>
      <${DataTable} name="review" label=${all.length === 1 ? "article" : "articles"} columns=${COLUMNS} rows=${rows}
        rowKey=${(row) => row.number} start=${{ key: "", descending: false }} pageSize=${50} />`;
  }

  Object.assign(app, { ReviewHome });
}
