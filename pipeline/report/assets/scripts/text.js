// Text with its mentions marked, nested ones inside their outer ones.
"use strict";

{
  const { html } = app;

  // Mentions as a tree: a mention that crosses the end of another is cut there into two pieces.
  function tree(mentions, from, to) {
    const open = mentions
      .filter((mention) => mention.start < to && mention.end > from)
      .map((mention) => ({ mention, start: Math.max(mention.start, from), end: Math.min(mention.end, to) }));
    const order = (one, other) => one.start - other.start || other.end - one.end;
    open.sort(order);
    const root = { start: from, end: to, children: [] };
    const stack = [root];
    while (open.length > 0) {
      const piece = { ...open.shift(), children: [] };
      while (stack.length > 1 && stack[stack.length - 1].end <= piece.start) stack.pop();
      const outer = stack[stack.length - 1];
      if (piece.end > outer.end) {
        const rest = { mention: piece.mention, start: outer.end, end: piece.end };
        const at = open.findIndex((other) => order(rest, other) <= 0);
        open.splice(at < 0 ? open.length : at, 0, rest);
        piece.end = outer.end;
      }
      outer.children.push(piece);
      stack.push(piece);
    }
    return root;
  }

  function classes(mention, selected) {
    return ["mention", mention.type, mention.negated && "negated", mention.uncertain && "uncertain",
      mention.className, selected === mention.id && "selected"].filter(Boolean).join(" ");
  }

  // mentions: {id, type, start, end, negated?, uncertain?, className?}; headings: {start, end}.
  // Nothing of the text is taken for HTML.
  function MarkedText({ text, from = 0, to = text.length, mentions, headings = [], selected }) {
    const nodes = (piece) => {
      const found = [];
      let at = piece.start;
      for (const child of piece.children) {
        if (child.start > at) found.push(text.slice(at, child.start));
        const { mention } = child;
        if (mention.type === undefined) {
          found.push(html`<strong class="heading">${nodes(child)}</strong>`);
          at = child.end;
          continue;
        }
        found.push(html`<span class=${classes(mention, selected)} data-mention=${mention.id}
          data-first=${child.start === mention.start ? "" : undefined}>${nodes(child)}</span>`);
        at = child.end;
      }
      if (piece.end > at) found.push(text.slice(at, piece.end));
      return found;
    };
    return html`<bdi class="marked" data-from=${from}>${nodes(tree([...headings, ...mentions], from, to))}</bdi>`;
  }

  Object.assign(app, { MarkedText });
}
