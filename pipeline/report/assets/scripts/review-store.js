// Reviews as the browser keeps them: one for each article of a run, with what can be undone.
//
// Each article has a key of its own, so that tabs which review different articles do not get in
// each other's way; of the same article the last change wins. Nothing that is kept is trusted.
"use strict";

{
  const { TYPES, open, index, storageGet, storageSet, useState, reviews } = app;
  const { useLayoutEffect } = preactHooks;
  const { CURIES, ENDS, UNTOUCHED } = reviews;

  const KIND = "symptograph review";
  const MOST_STEPS = 1_000;
  const PROBE = "symptograph:probe";

  let run = null;

  // A run is known by its texts and its mentions.
  function runKey() {
    run ??= ["documents", "entities"]
      .map((name) => open("overview").tables.find(({ table }) => table === name).sha256.slice(0, 16)).join("");
    return run;
  }

  function keyOf(docId) {
    return `symptograph:review:${runKey()}:${docId}`;
  }

  function storageRemove(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // Where nothing can be removed, nothing was kept.
    }
  }

  const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
  const isId = (value) => typeof value === "string" && value !== "";
  const isFlag = (value) => typeof value === "boolean";
  const isConcept = (value) => value === null || (typeof value === "string" && CURIES.test(value));

  function isPlace({ start, end }, length) {
    return Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= length;
  }

  function isRelation({ type, head, tail }) {
    return Object.hasOwn(ENDS, type) && isId(head) && isId(tail);
  }

  const VERDICTS = new Set(["accepted", "rejected", "fixed"]);
  const CHECKS = { type: (value) => TYPES.includes(value), negated: isFlag, uncertain: isFlag, conceptId: isConcept };

  function isDecision(value, length) {
    if (!isObject(value)) return false;
    const { verdict, start, end, ...rest } = value;
    const asFound = start === undefined && end === undefined;
    return VERDICTS.has(verdict) && (asFound || isPlace({ start, end }, length))
      && Object.entries(rest).every(([name, changed]) => Object.hasOwn(CHECKS, name) && CHECKS[name](changed));
  }

  function isAdded(value, length) {
    return isObject(value) && isId(value.id) && isPlace(value, length)
      && Object.entries(CHECKS).every(([name, check]) => check(value[name]));
  }

  function isRelationDecision(value) {
    if (!isObject(value) || !VERDICTS.has(value.verdict)) return false;
    return value.type === undefined || isRelation(value);
  }

  // A review of an article with so many characters, null where a value is none.
  function checked(value, { n_chars: length }) {
    if (!isObject(value)) return null;
    const { done, mentions, added, relations, links } = value;
    const right = isFlag(done) && isObject(mentions) && isObject(relations)
      && Array.isArray(added) && Array.isArray(links)
      && Object.values(mentions).every((decision) => isDecision(decision, length))
      && added.every((mention) => isAdded(mention, length))
      && new Set(added.map(({ id }) => id)).size === added.length
      && Object.values(relations).every(isRelationDecision)
      && links.every((link) => isObject(link) && isRelation(link));
    return right ? { done, mentions, added, relations, links } : null;
  }

  function parsed(string) {
    try {
      return JSON.parse(string);
    } catch {
      return null;
    }
  }

  // By document id: {review, past, future, broken}; past and future hold what was there, and the
  // mention that was changed.
  const drafts = new Map();
  const unkept = new Set();
  const listeners = new Set();
  let kept = null;

  function tell() {
    for (const listener of listeners) listener();
  }

  function draftOf(row) {
    if (!drafts.has(row.doc_id)) {
      const stored = storageGet(keyOf(row.doc_id));
      const review = stored === null ? UNTOUCHED : checked(parsed(stored), row);
      drafts.set(row.doc_id, { review: review ?? UNTOUCHED, past: [], future: [], broken: review === null });
    }
    return drafts.get(row.doc_id);
  }

  function isUntouched(review) {
    return JSON.stringify(review) === JSON.stringify(UNTOUCHED);
  }

  function keep(docId) {
    const { review } = drafts.get(docId);
    if (isUntouched(review)) storageRemove(keyOf(docId));
    else if (!storageSet(keyOf(docId), JSON.stringify(review))) { unkept.add(docId); return; }
    unkept.delete(docId);
  }

  function replace(row, review) {
    const own = draftOf(row);
    own.review = review;
    own.broken = false;
    // There may be room now for what there was none for.
    for (const docId of [row.doc_id, ...unkept]) keep(docId);
    tell();
  }

  function reviewOf(row) {
    return draftOf(row).review;
  }

  // at: the mention that is changed, to be gone to where that is undone.
  function changeReview(row, review, at = null) {
    const own = draftOf(row);
    own.past = [...own.past, { review: own.review, at }].slice(-MOST_STEPS);
    own.future = [];
    replace(row, review);
  }

  function step(row, from, to) {
    const own = draftOf(row);
    const last = own[from].pop();
    if (last === undefined) return null;
    own[to].push({ review: own.review, at: last.at });
    replace(row, last.review);
    return last;
  }

  // What was undone or done again, null where there is nothing: {at}.
  function undoReview(row) {
    return step(row, "past", "future");
  }

  function redoReview(row) {
    return step(row, "future", "past");
  }

  function steps(row) {
    const { past, future } = draftOf(row);
    return { undo: past.length > 0, redo: future.length > 0 };
  }

  // Whether what is kept of an article could not be read.
  function isBroken(row) {
    return draftOf(row).broken;
  }

  // Whether the browser keeps reviews when the tab is closed.
  function isKept() {
    if (kept === null) {
      kept = storageSet(PROBE, "");
      storageRemove(PROBE);
    }
    return kept && unkept.size === 0;
  }

  function forgetAll() {
    for (const row of index()) {
      storageRemove(keyOf(row.doc_id));
      drafts.delete(row.doc_id);
    }
    unkept.clear();
    tell();
  }

  // Everything that is decided, to be taken to another browser.
  function bundle() {
    const articles = index().filter((row) => !isUntouched(reviewOf(row)))
      .map((row) => ({ doc_id: row.doc_id, ...reviewOf(row) }));
    return { kind: KIND, run: runKey(), articles };
  }

  // What a bundle has for this page: {found: [[row, review], …], lost}, or {problem}.
  function unbundle(string) {
    const value = parsed(string);
    if (!isObject(value) || value.kind !== KIND || !Array.isArray(value.articles)) return { problem: "This file is no saved review." };
    if (value.run !== runKey()) return { problem: "This review is of another run; its ids mean other mentions here." };
    const byId = new Map(index().map((row) => [row.doc_id, row]));
    const found = value.articles
      .map((article) => [byId.get(article?.doc_id), article])
      .map(([row, article]) => [row, row === undefined ? null : checked(article, row)])
      .filter(([, review]) => review !== null);
    return { found, lost: value.articles.length - found.length };
  }

  // A layout effect: no change may come between what is drawn and hearing of the next one.
  function useReviews() {
    const [, redraw] = useState(0);
    useLayoutEffect(() => {
      const changed = () => redraw((before) => before + 1);
      listeners.add(changed);
      return () => listeners.delete(changed);
    }, []);
  }

  // Another tab has changed an article: what was to be undone here is of no use any more.
  addEventListener("storage", ({ key }) => {
    if (key !== null && !key.startsWith(keyOf(""))) return;
    const changed = key === null ? [...drafts.keys()] : [key.slice(keyOf("").length)];
    for (const docId of changed) {
      drafts.delete(docId);
      unkept.delete(docId);
    }
    tell();
  });

  addEventListener("beforeunload", (event) => {
    if (unkept.size > 0) event.preventDefault();
  });

  Object.assign(app, {
    reviewOf, changeReview, undoReview, redoReview, useReviews,
    reviewStore: { steps, isBroken, isKept, isUntouched, forgetAll, bundle, unbundle },
  });
}
