// Reviewed articles as gold: JSON lines and BRAT, as `symptograph export` writes them.
"use strict";

{
  const { open, index, article, reviewOf, reviews } = app;

  // JSON may hold these as they are, but some readers of lines end a line there.
  const LINE_ENDS = /[\u0085\u2028\u2029]/g;
  const BREAKS = /[\\\u0000-\u001f\u007f\u0085\u2028\u2029]/g;
  const FORMULA = /^'*[=+\-@\t\r]/;
  // What Python takes for white space, which is more and less than a regular expression does here.
  const SPACES = /[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  // Archives know no time zone: a date by the clock of the place is the same bytes everywhere.
  const SOME_DAY = new Date(1980, 0, 1);

  function escaped(letter) {
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  }

  function doneArticles() {
    return index().filter((row) => reviewOf(row).done);
  }

  // An article with all that its review takes for right.
  function gold(row) {
    const found = article(row.number);
    return { ...found, ...reviews.accepted(reviews.reviewed(found, reviewOf(row))) };
  }

  function entity(text, { id, type, start, end, conceptId, negated, uncertain }) {
    return {
      entity_id: id, type, start, end, text: text.slice(start, end), concept_id: conceptId, negated, uncertain,
    };
  }

  function jsonLine({ doc_id, title, text, mentions, relations }) {
    const line = JSON.stringify({
      doc_id, title, text: text.string,
      entities: mentions.map((mention) => entity(text, mention)),
      relations: relations.map(({ type, head, tail }) => ({ type, head_id: head, tail_id: tail, negated: false })),
    });
    return `${line.replace(LINE_ENDS, escaped)}\n`;
  }

  function jsonLines() {
    return doneArticles().map((row) => jsonLine(gold(row))).join("");
  }

  function tableLine(...cells) {
    const shown = cells.map((cell) => cell.replace(BREAKS, escaped));
    return `${shown.map((cell) => (FORMULA.test(cell) ? `'${cell}` : cell)).join("\t")}\n`;
  }

  function label({ conceptLabel }) {
    return (conceptLabel ?? "").split(SPACES).filter(Boolean).join(" ");
  }

  function standoff({ text, mentions, relations }) {
    const attributes = mentions.flatMap(({ id, negated, uncertain }) =>
      [negated && `Negated ${id}`, uncertain && `Uncertain ${id}`].filter(Boolean));
    const linked = mentions.filter(({ conceptId }) => conceptId);
    const lines = [
      ...mentions.map(({ id, type, start, end }) =>
        `${id}\t${type} ${start} ${end}\t${text.slice(start, end).replace(/[\r\n]/g, " ")}`),
      ...attributes.map((attribute, place) => `A${place + 1}\t${attribute}`),
      ...linked.map((mention, place) =>
        `N${place + 1}\tReference ${mention.id} ${mention.conceptId}\t${label(mention)}`),
      ...relations.map(({ type, head, tail }, place) => `R${place + 1}\t${type} Arg1:${head} Arg2:${tail}`),
    ];
    return lines.map((line) => `${line}\n`).join("");
  }

  function bratZip() {
    const rows = doneArticles();
    const table = rows.map(({ doc_id: docId, file }) => tableLine(docId, `${file}.txt`));
    const files = { "annotation.conf": open("brat_conf"), "documents.tsv": [tableLine("doc_id", "file"), ...table].join("") };
    for (const row of rows) {
      const found = gold(row);
      files[`${row.file}.txt`] = found.text.string;
      files[`${row.file}.ann`] = standoff(found);
    }
    const bytes = Object.entries(files).map(([name, content]) => [name, new TextEncoder().encode(content)]);
    return fflate.zipSync(Object.fromEntries(bytes), { mtime: SOME_DAY });
  }

  Object.assign(app, { reviewExport: { doneArticles, jsonLines, bratZip } });
}
