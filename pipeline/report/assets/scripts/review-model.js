// What a review says of an article, as plain values; nothing here knows of the page or the browser.
//
// A review is {done, mentions, added, relations, links}: `mentions` has decisions by the id of a
// mention that the run found, `relations` by what the run found between two of them, each of them
// {verdict, and what is changed}; `added` and `links` are mentions and relations that the run has
// not found. No function changes a review: each gives a new one.
"use strict";

{
  const { open, rows } = app;

  // Of two types of mentions there is one relation at the most, and one direction of it.
  const ENDS = {
    has_symptom: ["CONDITION", "SYMPTOM"], affects: ["CONDITION", "BODY_PART"], located_in: ["SYMPTOM", "BODY_PART"],
  };
  const ASPECTS = ["type", "start", "end", "negated", "uncertain", "conceptId"];
  const CURIES = /^[A-Z]+:\d+(,[A-Z]+:\d+)*$/;
  // A boundary can stand at each end of these: letters and digits that belong together, or a sign.
  const WORD = /[\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}\s]/gu;
  const UNTOUCHED = Object.freeze({ done: false, mentions: {}, added: [], relations: {}, links: [] });

  function own(table, key) {
    return Object.hasOwn(table, key) ? table[key] : undefined;
  }

  function without(table, key) {
    const { [key]: _, ...rest } = table;
    return rest;
  }

  function isLive(mention) {
    return mention !== undefined && mention.status !== "rejected";
  }

  let known = null;
  const knownHere = new WeakMap();

  // Names of concepts by CURIE: those of the run's pairs, and those that the article has.
  function conceptNames(article) {
    known ??= new Map(rows(open("concepts")).map(({ concept_id: id, label }) => [id, label]));
    if (!knownHere.has(article)) {
      const names = new Map(known);
      for (const { conceptId, conceptLabel } of article.mentions) {
        const labels = conceptLabel?.split("; ") ?? [];
        const curies = conceptId?.split(",") ?? [];
        if (curies.length === labels.length) curies.forEach((curie, place) => names.set(curie, labels[place]));
      }
      knownHere.set(article, names);
    }
    return knownHere.get(article);
  }

  function conceptLabel(article, { conceptId, found }) {
    if (conceptId === null) return null;
    if (found?.conceptId === conceptId) return found.conceptLabel;
    const names = conceptNames(article);
    const labels = conceptId.split(",").map((curie) => names.get(curie));
    return labels.every(Boolean) ? labels.join("; ") : null;
  }

  // All mentions in reading order, rejected ones too: as they are now, with `found`, what the run
  // has of them (null of added ones), and `status`.
  function seenMentions(article, review) {
    const found = article.mentions.map((mention) => {
      const { verdict = "undecided", ...changes } = own(review.mentions, mention.id) ?? {};
      return { ...mention, ...changes, found: mention, status: verdict };
    });
    const added = review.added.map((mention) => ({ ...mention, found: null, status: "added" }));
    return [...found, ...added]
      .map((mention) => ({ ...mention, conceptLabel: conceptLabel(article, mention) }))
      .sort((one, other) => one.start - other.start || other.end - one.end);
  }

  function relationKey({ type, head, tail }) {
    return `${type} ${head} ${tail}`;
  }

  // What the run found between two mentions, once; denied only where it is never told, as exports
  // have it.
  function foundRelations({ mentions, relations }) {
    const unique = new Map();
    const told = ({ negated }) => !negated;
    const denied = ({ negated }) => negated;
    for (const relation of [...relations.filter(told), ...relations.filter(denied)]) {
      const { type, negated, score, rule } = relation;
      const found = { type, head: mentions[relation.head].id, tail: mentions[relation.tail].id };
      const key = relationKey(found);
      if (!unique.has(key)) unique.set(key, { key, found, negated, score, rule });
    }
    return [...unique.values()];
  }

  function relationBetween(one, other) {
    for (const [type, [head, tail]] of Object.entries(ENDS)) {
      if (one.type === head && other.type === tail) return { type, head: one.id, tail: other.id };
      if (one.type === tail && other.type === head) return { type, head: other.id, tail: one.id };
    }
    return null;
  }

  // What is denied gives no relation; where the review says nothing else, the run decides.
  function isDenied(relation, head, tail) {
    const asFound = [head, tail].every(({ negated, found }) => negated === found?.negated);
    return asFound && relation.found !== null ? relation.negated : head.negated || tail.negated;
  }

  function relationStatus(relation, verdict, byId) {
    const [head, tail] = [byId.get(relation.head), byId.get(relation.tail)];
    if (!isLive(head) || !isLive(tail)) return "gone";
    if (verdict === "rejected") return "rejected";
    const [from, to] = ENDS[relation.type];
    if (head.type !== from || tail.type !== to) return "unfit";
    return isDenied(relation, head, tail) ? "denied" : verdict;
  }

  // All relations with their `status`: also "gone" with a rejected mention, "denied" with one, or
  // "unfit" for the types that its mentions have now.
  function seenRelations(article, review, byId) {
    const found = foundRelations(article).map((relation) => {
      const { verdict = "undecided", ...changes } = own(review.relations, relation.key) ?? {};
      const now = { ...relation, ...relation.found, ...changes };
      return { ...now, status: relationStatus(now, verdict, byId) };
    });
    const added = review.links.map((link) => {
      const now = { ...link, key: relationKey(link), found: null };
      return { ...now, status: relationStatus(now, "added", byId) };
    });
    return [...found, ...added].filter(({ head, tail }) => byId.has(head) && byId.has(tail));
  }

  // An article as its review has it: {mentions, byId, relations}.
  function reviewed(article, review) {
    const mentions = seenMentions(article, review);
    const byId = new Map(mentions.map((mention) => [mention.id, mention]));
    return { mentions, byId, relations: seenRelations(article, review, byId) };
  }

  const LIVE_RELATIONS = new Set(["undecided", "accepted", "fixed", "added"]);

  // What counts as right: all that is not rejected, undecided things too.
  function accepted({ mentions, relations }) {
    const unique = new Map(relations
      .filter(({ status }) => LIVE_RELATIONS.has(status))
      .map((relation) => [relationKey(relation), relation]));
    return { mentions: mentions.filter(isLive), relations: [...unique.values()] };
  }

  function progress({ mentions, relations }) {
    const found = mentions.filter(({ found: before }) => before !== null);
    const told = relations.filter(({ found: before, status }) => before !== null && status !== "denied");
    return {
      mentions: found.length, decided: found.filter(({ status }) => status !== "undecided").length,
      added: mentions.length - found.length,
      relations: told.length, decidedRelations: told.filter(({ status }) => !["undecided", "unfit"].includes(status)).length,
    };
  }

  function withMention(review, id, decision) {
    return { ...review, mentions: { ...review.mentions, [id]: decision } };
  }

  function decided(decision, verdict) {
    const { verdict: _, ...changes } = decision ?? {};
    const changed = Object.keys(changes).length > 0;
    return { ...changes, verdict: verdict === "accepted" && changed ? "fixed" : verdict };
  }

  // Rejecting an added mention takes it and its relations away.
  function decideMention(review, { id, found }, verdict) {
    if (found !== null) return withMention(review, id, decided(own(review.mentions, id), verdict));
    if (verdict === "accepted") return review;
    return {
      ...review,
      added: review.added.filter((mention) => mention.id !== id),
      links: review.links.filter(({ head, tail }) => head !== id && tail !== id),
    };
  }

  function restoreMention(review, { id }) {
    return { ...review, mentions: without(review.mentions, id) };
  }

  function fixMention(review, mention, changes) {
    const now = Object.fromEntries(ASPECTS.map((aspect) => [aspect, { ...mention, ...changes }[aspect]]));
    const { id, found } = mention;
    if (found === null) {
      return { ...review, added: review.added.map((added) => (added.id === id ? { ...added, ...now } : added)) };
    }
    const differs = new Set(ASPECTS.filter((aspect) => now[aspect] !== found[aspect]));
    // Both ends or none are kept: one alone may lie beyond the other.
    if (differs.has("start") || differs.has("end")) differs.add("start").add("end");
    const kept = Object.fromEntries([...differs].map((aspect) => [aspect, now[aspect]]));
    return withMention(review, id, decided(kept, "accepted"));
  }

  // Ids go on where those of the run end, as they have to be unlike each other in an export.
  function addMention(article, review, { type, start, end }) {
    const numbers = [...article.mentions, ...review.added].map(({ id }) => Number(/^T(\d+)$/.exec(id)?.[1] ?? 0));
    const id = `T${1 + Math.max(0, ...numbers)}`;
    const mention = { id, type, start, end, negated: false, uncertain: false, conceptId: null };
    return { id, review: { ...review, added: [...review.added, mention] } };
  }

  function decideRelation(review, { key, found }, verdict) {
    if (found === null) {
      if (verdict === "accepted") return review;
      return { ...review, links: review.links.filter((link) => relationKey(link) !== key) };
    }
    const decision = decided(own(review.relations, key), verdict);
    return { ...review, relations: { ...review.relations, [key]: decision } };
  }

  // The type and direction that the types of its mentions allow now.
  function refitRelation(review, { key, found }, { type, head, tail }) {
    const now = { type, head, tail };
    if (found === null) {
      return { ...review, links: review.links.map((link) => (relationKey(link) === key ? now : link)) };
    }
    const changes = relationKey(now) === relationKey(found) ? {} : now;
    return { ...review, relations: { ...review.relations, [key]: decided(changes, "accepted") } };
  }

  function addRelation(review, { type, head, tail }) {
    return { ...review, links: [...review.links, { type, head, tail }] };
  }

  // A mention that has the same type and place already: gold has each once.
  function twin({ mentions }, { id, type, start, end }) {
    return mentions.find((other) => other.id !== id && isLive(other) && other.type === type
      && other.start === start && other.end === end);
  }

  // A mention that this one may not overlap by the annotation scheme: only body parts inside
  // symptoms do.
  function overlapped({ mentions }, { id, type, start, end }) {
    return mentions.find((other) => {
      if (other.id === id || !isLive(other) || other.end <= start || end <= other.start) return false;
      const inside = other.start <= start && end <= other.end && type === "BODY_PART" && other.type === "SYMPTOM";
      const around = start <= other.start && other.end <= end && type === "SYMPTOM" && other.type === "BODY_PART";
      return !inside && !around;
    });
  }

  // Places where a pattern is found, by code points.
  function matches(text, pattern) {
    const length = (string) => (text.points === null ? string.length : Array.from(string).length);
    const found = [];
    let unit = 0;
    let point = 0;
    for (const { 0: words, index } of text.string.matchAll(pattern)) {
      const start = point + length(text.string.slice(unit, index));
      point = start + length(words);
      unit = index + words.length;
      found.push({ start, end: point });
    }
    return found;
  }

  const wordsByText = new WeakMap();

  function wordsOf({ text }) {
    if (!wordsByText.has(text)) wordsByText.set(text, matches(text, WORD));
    return wordsByText.get(text);
  }

  // A mention's start or end by one word to the left (-1) or right (1); null where it cannot go.
  function moved(article, { start, end }, edge, by) {
    const at = edge === "start" ? start : end;
    const places = wordsOf(article).map((word) => word[edge]);
    const next = by > 0 ? places.find((place) => place > at) : places.findLast((place) => place < at);
    if (next === undefined) return null;
    const now = { start, end, [edge]: next };
    return now.start < now.end ? now : null;
  }

  // A stretch of text as the whole words that it has or cuts; null where it has none.
  function wholeWords(article, { start, end }) {
    const touched = wordsOf(article).filter((word) => word.end > start && word.start < end);
    return touched.length === 0 ? null : { start: touched[0].start, end: touched[touched.length - 1].end };
  }

  // Where words stand that are not marked there; those after a place come first.
  function unmarked(article, { mentions }, wanted, from) {
    const parts = wanted.trim().split(/\s+/).filter(Boolean);
    if (parts.length === 0) return [];
    const pattern = parts.map((part) => part.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("\\s+");
    const starts = new Set(wordsOf(article).map(({ start }) => start));
    const ends = new Set(wordsOf(article).map(({ end }) => end));
    const taken = new Set(mentions.filter(isLive).map(({ start, end }) => `${start} ${end}`));
    const free = matches(article.text, new RegExp(pattern, "giu")).filter(({ start, end }) =>
      starts.has(start) && ends.has(end) && !taken.has(`${start} ${end}`));
    return [...free.filter(({ start }) => start > from), ...free.filter(({ start }) => start <= from)];
  }

  Object.assign(app, {
    reviews: {
      ENDS, CURIES, UNTOUCHED, reviewed, accepted, progress, relationKey, relationBetween, decideMention,
      restoreMention, fixMention, addMention, decideRelation, refitRelation, addRelation, twin, overlapped, moved,
      wholeWords, unmarked,
    },
  });
}
