// The list of articles, and an article with its mentions.
"use strict";

{
  const {
    html, useState, useEffect, useMemo, useRef, index, article, open, link, replaceRoute, count, many,
    decimal, TYPES, TYPE_NAMES, RELATION_NAMES, TypeTag, Curie, Search, DataTable, MarkedText, Pager,
  } = app;

  // So much of a long article is shown at once.
  const PAGE_CHARS = 30_000;

  const LIST_COLUMNS = [
    { key: "title", label: "Article", value: (row) => row.title || row.doc_id,
      show: (row) => html`<a href=${link("article", [row.number])}><bdi>${row.title || row.doc_id}</bdi></a>` },
    { key: "doc_id", label: "Id", value: (row) => row.doc_id, show: (row) => html`<bdi>${row.doc_id}</bdi>` },
    { key: "topic", label: "Topic", value: (row) => row.topic_label, show: (row) => html`<bdi>${row.topic_label ?? "–"}</bdi>` },
    { key: "n_chars", label: "Characters", numeric: true, value: (row) => row.n_chars, show: (row) => count(row.n_chars) },
    { key: "n_entities", label: "Mentions", numeric: true, value: (row) => row.n_entities, show: (row) => count(row.n_entities) },
    { key: "n_relations", label: "Relations", numeric: true, value: (row) => row.n_relations, show: (row) => count(row.n_relations) },
  ];

  function SampleNote() {
    const { n_documents: total } = open("sample");
    const shown = index().length;
    return shown < total && html`<p class="note">${count(shown)} of ${count(total)} articles are in this
      report: a sample by the digests of their ids. Counts and pairs are of all ${count(total)}.</p>`;
  }

  function ArticleList({ route }) {
    const { query } = route;
    const rows = useMemo(() => {
      const words = (query.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      return index().filter((row) => {
        const names = `${row.title} ${row.doc_id} ${row.topic_label ?? ""}`.toLowerCase();
        return words.every((word) => names.includes(word));
      });
    }, [query.q]);
    return html`<${SampleNote} />
      <form class="filters" onSubmit=${(event) => event.preventDefault()}>
        <${Search} label="Words of title, id or topic" value=${query.q ?? ""} onChange=${(q) => replaceRoute("articles", [], { q })} />
      </form>
      <${DataTable} name="articles" label=${rows.length === 1 ? "article" : "articles"} columns=${LIST_COLUMNS} rows=${rows}
        rowKey=${(row) => row.number} start=${{ key: "", descending: false }} pageSize=${50} />`;
  }

  // Stretches of at most about PAGE_CHARS that end with a line, none of them inside a mention.
  function pagesOf({ text, mentions }) {
    if (text.length <= PAGE_CHARS) return [[0, text.length]];
    const found = [];
    let start = 0;
    while (text.length - start > PAGE_CHARS) {
      const wish = start + PAGE_CHARS;
      const back = text.slice(start, wish).lastIndexOf("\n");
      // By code points: the string before the line end, counted as the text counts.
      let cut = back > 0 ? start + new app.Text(text.slice(start, wish).slice(0, back + 1)).length : wish;
      for (let crossing = true; crossing;) {
        crossing = false;
        for (const mention of mentions) {
          if (mention.start < cut && cut < mention.end) { cut = mention.end; crossing = true; }
        }
      }
      found.push([start, cut]);
      start = cut;
    }
    if (start < text.length) found.push([start, text.length]);
    return found;
  }

  // Where the headings of sections stand in the text.
  function headingsOf({ text, sections }) {
    return sections.filter(({ heading }) => heading).map(({ heading, start, end }) => {
      const length = new app.Text(heading).length;
      const at = text.indexOf(heading, start);
      return { start: at, end: at + length, inside: at >= start && at + length <= end };
    }).filter(({ inside }) => inside);
  }

  function Fact({ name, children }) {
    return html`<div><dt>${name}</dt><dd>${children}</dd></div>`;
  }

  // What is known of a mention; the same in the panel beside the text and under the pointer.
  // children: what stands between its name and the facts.
  function MentionFacts({ mention, article: { text, sections }, short = false, children }) {
    const section = mention.section == null ? null : sections[mention.section];
    const assertion = [mention.negated && "denied", mention.uncertain && "hedged",
      mention.experiencer && mention.experiencer !== "patient" && `of somebody else`, mention.role?.replaceAll("_", " ")].filter(Boolean);
    return html`<p class="mention-name"><${TypeTag} type=${mention.type} /> <bdi>${text.slice(mention.start, mention.end)}</bdi></p>
      ${children}
      <dl class="facts">
        <${Fact} name="Concept">${mention.conceptLabel && html`<bdi>${mention.conceptLabel}</bdi> `}<${Curie} id=${mention.conceptId} /><//>
        <${Fact} name="Assertion">${assertion.join(", ") || "stated"}${mention.cue && html` (“<bdi>${mention.cue}</bdi>”)`}<//>
        ${section?.topicLabel && html`<${Fact} name="Topic"><bdi>${section.topicLabel}</bdi><//>`}
        <${Fact} name="Score">${decimal(mention.score)}<//>
        ${!short && html`<${Fact} name="Found by">${mention.source || "you"}<//>
          ${mention.longForm && html`<${Fact} name="Short for"><bdi>${mention.longForm}</bdi><//>`}
          <${Fact} name="Place">${count(mention.start)}–${count(mention.end)}<//>`}
      </dl>`;
  }

  function relationsOf(found, number) {
    const rows = new Map();
    found.relations.forEach((relation, row) => {
      if (relation.head !== number && relation.tail !== number) return;
      const key = `${relation.type} ${relation.head} ${relation.tail}`;
      if (!rows.has(key)) rows.set(key, { ...relation, row });
    });
    return [...rows.values()];
  }

  function RelationLines({ article: found, number, onSelect }) {
    const { text, mentions } = found;
    const lines = relationsOf(found, number);
    if (lines.length === 0) return html`<p class="muted">It is in no relation.</p>`;
    const name = (place) => (place === number ? "this" : html`<button type="button" class="plain"
      onClick=${() => onSelect(mentions[place].id)}><bdi>${text.slice(mentions[place].start, mentions[place].end)}</bdi></button>`);
    return html`<ul class="relation-lines">${lines.map((relation) => html`<li class=${relation.negated ? "denied" : ""}>
      ${name(relation.head)} <em>${RELATION_NAMES[relation.type]}</em> ${name(relation.tail)}
      <small class="muted"> ${decimal(relation.score)}, ${relation.rule}${relation.negated && ", denied"}</small></li>`)}</ul>`;
  }

  function Tooltip({ at, children }) {
    if (at === null) return null;
    const left = Math.max(8, Math.min(at.left, innerWidth - 328));
    const style = at.bottom + 190 < innerHeight ? { left, top: at.bottom + 6 } : { left, bottom: innerHeight - at.top + 6 };
    return html`<div role="tooltip" class="tooltip" style=${Object.fromEntries(Object.entries(style).map(([key, value]) => [key, `${value}px`]))}>${children}</div>`;
  }

  // The text of an article: arrows go from mention to mention, pointing at one tells what it is.
  function ArticleText({ article: found, mentions, selected, onSelect, at }) {
    const frame = useRef(null);
    const [hovered, setHovered] = useState(null);
    const pages = useMemo(() => pagesOf(found), [found]);
    const headings = useMemo(() => headingsOf(found), [found]);
    const byId = useMemo(() => new Map(mentions.map((mention) => [mention.id, mention])), [mentions]);
    const pageAt = (place) => Math.max(0, pages.findIndex(([from, to]) => from <= place && place < to));
    const [page, setPage] = useState(() => pageAt(at ?? 0));
    const [from, to] = pages[Math.min(page, pages.length - 1)];
    const current = byId.get(selected);
    useEffect(() => {
      if (current === undefined) return;
      const own = pageAt(current.start);
      if (own !== page) { setPage(own); return; }
      const element = frame.current.querySelector(`[data-mention="${CSS.escape(selected)}"]`);
      if (element === null) return;
      const { top, bottom } = element.getBoundingClientRect();
      // The panel covers the lower half of a narrow screen.
      const covered = matchMedia("(max-width: 900px)").matches ? innerHeight / 2 : 120;
      if (top < 90 || bottom > innerHeight - covered) element.scrollIntoView({ block: "center" });
    }, [selected, page, current?.start]);
    const step = (by) => {
      if (mentions.length === 0) return;
      const place = mentions.findIndex(({ id }) => id === selected);
      const next = place < 0 ? 0 : Math.max(0, Math.min(mentions.length - 1, place + by));
      onSelect(mentions[next].id);
    };
    const key = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (by === undefined) return;
      event.preventDefault();
      step(by);
    };
    const mentionOf = (event) => byId.get(event.target.closest("[data-mention]")?.dataset.mention);
    const point = (event) => {
      const mention = event.pointerType === "touch" ? undefined : mentionOf(event);
      if (mention === undefined) { setHovered(null); return; }
      const { left, top, bottom } = event.target.closest("[data-mention]").getClientRects()[0];
      setHovered({ mention, left, top, bottom });
    };
    const click = (event) => {
      if (getSelection().isCollapsed) onSelect(mentionOf(event)?.id ?? null);
    };
    return html`<div class="article-text" dir="auto" tabindex="0" role="application" ref=${frame}
        aria-label="Text of the article; arrow keys go from mention to mention"
        onKeyDown=${key} onClick=${click} onPointerOver=${point} onPointerLeave=${() => setHovered(null)}>
        <${MarkedText} text=${found.text} from=${from} to=${to} mentions=${mentions} headings=${headings} selected=${selected} />
      </div>
      <${Pager} page=${page} pages=${pages.length} onPage=${(next) => { onSelect(null); setPage(next); scrollTo(0, 0); }} label="the article" />
      <${Tooltip} at=${hovered}>${hovered && html`<${MentionFacts} mention=${hovered.mention} article=${found} short=${true} />`}<//>`;
  }

  function TypeSwitches({ article: found, hidden, onChange }) {
    return html`<div class="switches" role="group" aria-label="Types of mentions">${TYPES.map((type) => html`
      <label class="switch ${type}"><input type="checkbox" checked=${!hidden.has(type)} onChange=${() => onChange(type)} />
        ${TYPE_NAMES[type]} <span>${count(found.mentions.filter((mention) => mention.type === type).length)}</span></label>`)}
      <span class="muted"><span class="mention SYMPTOM negated">denied</span> <span class="mention SYMPTOM uncertain">hedged</span></span></div>`;
  }

  function first({ mentions, relations }, query) {
    if (query.relation != null && relations[query.relation]) return mentions[relations[query.relation].tail].id;
    if (query.at == null) return null;
    const place = Number(query.at);
    return mentions.find((mention) => mention.start <= place && place < mention.end)?.id ?? null;
  }

  function Reader({ article: found, query }) {
    const [hidden, setHidden] = useState(new Set());
    const [selected, select] = useState(() => first(found, query));
    useEffect(() => select(first(found, query)), [found, query.at, query.relation]);
    const toggle = (type) => setHidden((before) => {
      const after = new Set(before);
      if (!after.delete(type)) after.add(type);
      return after;
    });
    const relation = query.relation == null ? undefined : found.relations[query.relation];
    const ends = relation ? [relation.head, relation.tail] : [];
    const mentions = useMemo(() => found.mentions
      .map((mention, number) => (ends.includes(number) ? { ...mention, className: "linked" } : mention))
      .filter(({ type }) => !hidden.has(type)), [found, hidden, query.relation]);
    const number = found.mentions.findIndex(({ id }) => id === selected);
    return html`<${TypeSwitches} article=${found} hidden=${hidden} onChange=${toggle} />
      <div class="reading">
        <div><${ArticleText} article=${found} mentions=${mentions} selected=${selected} onSelect=${select} at=${query.at && Number(query.at)} /></div>
        <aside class="card panel" aria-live="polite">
          ${number < 0 ? html`<p class="muted">Choose a mention in the text, or go from one to the next with the arrow keys.</p>`
            : html`<${MentionFacts} mention=${found.mentions[number]} article=${found} />
              <h3>Relations</h3><${RelationLines} article=${found} number=${number} onSelect=${select} />`}
        </aside>
      </div>`;
  }

  function Article({ route }) {
    const number = Number(route.rest[0]);
    if (!Number.isInteger(number) || index()[number] === undefined) {
      return html`<p class="empty">No such article here. <a href=${link("articles")}>All articles</a></p>`;
    }
    const found = article(number);
    const reviewing = route.query.review === "1";
    const to = (other) => link("article", [other], reviewing ? { review: "1" } : {});
    return html`<header class="article-head">
        <nav aria-label="Articles"><a href=${link("articles")}>‹ All articles</a>
          ${number > 0 && html`<a href=${to(number - 1)}>Previous</a>`}
          ${number + 1 < index().length && html`<a href=${to(number + 1)}>Next</a>`}
          ${open("evaluation")?.documents.some((row) => row.article === number)
            && html`<a href=${link("evaluation", [], { doc: number })}>Gold beside predicted</a>`}
          <a class="button" href=${link("article", [number], reviewing ? {} : { review: "1" })}>${reviewing ? "Leave the review" : "Review this article"}</a></nav>
        <h2><bdi>${found.title || found.doc_id}</bdi></h2>
        <p class="muted"><bdi>${found.doc_id}</bdi>${found.topic_label && html` · topic <bdi>${found.topic_label}</bdi> <${Curie} id=${found.topic_id} />`}${" "}
          · ${many(found.n_entities, "mention")}, ${many(found.n_relations, "relation")}</p>
      </header>
      ${reviewing ? html`<${app.Review} key=${number} article=${found} query=${route.query} />`
        : html`<${Reader} key=${number} article=${found} query=${route.query} />`}`;
  }

  Object.assign(app, { ArticleList, Article, ArticleText, MentionFacts, SampleNote });
}
