// What the page holds: parts of compressed JSON, opened when they are asked for.
"use strict";

const app = {};

{
  const TYPES = ["CONDITION", "SYMPTOM", "BODY_PART"];
  const MENTION = [
    "id", "type", "start", "end", "conceptId", "conceptLabel", "conceptScore", "negated",
    "uncertain", "source", "score", "experiencer", "role", "cue", "section", "longForm",
  ];
  const RELATION = [
    "id", "type", "head", "tail", "headConcept", "tailConcept", "negated", "uncertain", "score",
    "rule", "cue", "scope", "start", "end", "frequency", "hpoa", "pair",
  ];
  const SECTION = ["heading", "topicId", "topicLabel", "start", "end"];
  const KEPT_PARTS = 8;

  const small = new Map();
  const parts = new Map();

  function unpack(name) {
    const element = document.getElementById(`data-${name}`);
    if (element === null) return null;
    const letters = atob(element.textContent);
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
    return JSON.parse(new TextDecoder().decode(fflate.gunzipSync(bytes)));
  }

  // A part that is kept once it is open; null where the page has none of that name.
  function open(name) {
    if (!small.has(name)) small.set(name, unpack(name));
    return small.get(name);
  }

  // Articles are many: only the last few parts stay open.
  function openArticles(number) {
    let part = parts.get(number);
    if (part === undefined) {
      part = unpack(`articles-${number}`);
      if (parts.size >= KEPT_PARTS) parts.delete(parts.keys().next().value);
      parts.set(number, part);
    }
    return part;
  }

  // Columns by name as an array of objects.
  function rows(columns) {
    const names = Object.keys(columns);
    return columns[names[0]].map((_, row) =>
      Object.fromEntries(names.map((name) => [name, columns[name][row]])));
  }

  function named(values, names) {
    return Object.fromEntries(names.map((name, place) => [name, values[place]]));
  }

  // A text by Unicode code points, as all offsets count; strings count UTF-16 units.
  class Text {
    constructor(string) {
      this.string = string;
      this.points = /[\ud800-\udfff]/.test(string) ? Array.from(string) : null;
      this.length = this.points === null ? string.length : this.points.length;
    }

    slice(start, end) {
      if (this.points === null) return this.string.slice(start, end);
      return this.points.slice(start, end).join("");
    }

    // Where a string is found at or after a place, -1 if nowhere.
    indexOf(string, from = 0) {
      if (this.points === null) return this.string.indexOf(string, from);
      const unit = this.string.indexOf(string, this.slice(0, from).length);
      return unit < 0 ? -1 : Array.from(this.string.slice(0, unit)).length;
    }
  }

  let articles = null;

  // The index of all articles: {number, doc_id, title, path, n_chars, n_entities, …}.
  function index() {
    if (articles === null) {
      let before = null;
      let place = 0;
      articles = rows(open("index")).map((row, number) => {
        place = row.part === before ? place + 1 : 0;
        before = row.part;
        return { ...row, number, place };
      });
    }
    return articles;
  }

  const read = new Map();

  // An article with its text, mentions, relations (head and tail are numbers of mentions), sections.
  function article(number) {
    if (!read.has(number)) {
      const row = index()[number];
      const raw = openArticles(row.part)[row.place];
      if (read.size >= 64) read.delete(read.keys().next().value);
      read.set(number, {
        ...row,
        text: new Text(raw.text),
        mentions: raw.mentions.map((values) => named(values, MENTION)),
        relations: raw.relations.map((values) => named(values, RELATION)),
        sections: raw.sections.map((values) => named(values, SECTION)),
      });
    }
    return read.get(number);
  }

  let pairs = null;

  // Pairs of concepts: {number, type, head, tail (concepts), told, documents, denied, …}.
  function allPairs() {
    if (pairs === null) {
      const concepts = rows(open("concepts")).map((concept) => ({
        ...concept, id: concept.concept_id.startsWith("text:") ? null : concept.concept_id,
      }));
      pairs = rows(open("pairs")).map((pair, number) => ({
        ...pair, number, head: concepts[pair.head], tail: concepts[pair.tail],
      }));
    }
    return pairs;
  }

  // Where a pair is told in the articles of the page: [[article number, relation number], …].
  function evidence(pair) {
    const flat = open("evidence")[pair];
    return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  }

  Object.assign(app, { TYPES, Text, open, rows, index, article, pairs: allPairs, evidence });
}
