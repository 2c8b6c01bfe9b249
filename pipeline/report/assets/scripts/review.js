// An article that is reviewed: its text with marks that tell what is decided, and the panel.
"use strict";

{
  const {
    html, useState, useRef, useMemo, index, link, count, many, ArticleText, Act, ReviewPanel, KeysDialog, MarkDialog,
    reviewOf, changeReview, useReviews, reviewStore, reviews, reviewActions,
  } = app;
  const { useLayoutEffect } = preactHooks;

  // What is selected in the text, as whole words; null where nothing is. Offsets count from where
  // the page of the text that is shown begins.
  function selectedPlace(frame, article) {
    const selection = getSelection();
    const marked = frame?.querySelector(".marked");
    if (!marked || selection.rangeCount === 0 || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0).cloneRange();
    if (!range.intersectsNode(marked)) return null;
    if (!marked.contains(range.startContainer)) range.setStart(marked, 0);
    if (!marked.contains(range.endContainer)) range.setEnd(marked, marked.childNodes.length);
    const before = document.createRange();
    before.setStart(marked, 0);
    before.setEnd(range.startContainer, range.startOffset);
    const start = Number(marked.dataset.from) + Array.from(before.toString()).length;
    return reviews.wholeWords(article, { start, end: start + Array.from(range.toString()).length });
  }

  function usePicked(frame, article) {
    const [picked, pick] = useState(null);
    useLayoutEffect(() => {
      const changed = () => pick(selectedPlace(frame.current, article));
      document.addEventListener("selectionchange", changed);
      return () => document.removeEventListener("selectionchange", changed);
    }, [article]);
    return picked;
  }

  function useVoice() {
    const [said, setSaid] = useState({ words: "", turn: 0 });
    const say = (words) => setSaid(({ turn }) => ({ words, turn: turn + 1 }));
    return [said, say];
  }

  function ReviewNotices({ row }) {
    return html`${!reviewStore.isKept() && html`<p class="note alarm" role="alert">This browser does not keep the review: it is there only until
        this tab closes. Before, <a href=${link("review")}>export or save it</a>.</p>`}
      ${row && reviewStore.isBroken(row) && html`<p class="note alarm" role="alert">What this browser had kept of the review of this article
        cannot be read; it begins anew.</p>`}`;
  }

  function nextToDo(number) {
    const all = index();
    return [...all.slice(number + 1), ...all.slice(0, number)].find((row) => !reviewOf(row).done);
  }

  function Progress({ view }) {
    const { mentions, decided, added, relations, decidedRelations } = reviews.progress(view);
    return html`<label class="progress"><progress max=${Math.max(1, mentions)} value=${decided}></progress>
      <span>${count(decided)} of ${many(mentions, "mention")}, ${count(decidedRelations)} of ${many(relations, "relation")} decided${added > 0 && `, ${count(added)} added`}</span></label>`;
  }

  function Toolbar({ c, act, said }) {
    const { undo, redo } = reviewStore.steps(c.article);
    const next = c.review.done ? nextToDo(c.article.number) : undefined;
    return html`<div class="review-bar"><div class="acts">
        <${Act} name="previous" act=${act} title="The mention before">‹<//>
        <${Act} name="next" act=${act} title="The next mention">›<//>
        <${Act} name="undecided" act=${act}>Next undecided<//>
        <${Act} name="mark" act=${act}>${c.picked ? html`Mark <bdi>${reviewActions.quoted(c.article.text.slice(c.picked.start, c.picked.end))}</bdi>` : "Mark words"}<//>
        <${Act} name="undo" act=${act} disabled=${!undo}>Undo<//>
        <${Act} name="redo" act=${act} disabled=${!redo}>Redo<//>
        <${Act} name="done" act=${act} className=${c.review.done ? "" : "primary"}>${c.review.done ? "Open it again" : "Article done"}<//>
        <${Act} name="keys" act=${act}>Keys<//>
        ${c.review.done && html`<strong class="done">✓ done</strong>`}
        ${next && html`<a class="button" href=${link("article", [next.number], { review: "1" })}>Next article to review</a>`}
      </div>
      <div class="review-state"><p class="said" role="status"><span key=${said.turn}>${said.words}</span></p><${Progress} view=${c.view} /></div></div>`;
  }

  // Marks as they look while an article is reviewed; those of a relation that is decided stand out.
  function marksOf({ view, relation, linking }) {
    const linked = new Set(relation ? [relation.head, relation.tail] : [linking]);
    return view.mentions.map((mention) => ({
      ...mention, className: `review-${mention.status}${linked.has(mention.id) ? " linked" : ""}`,
    }));
  }

  function firstOf({ mentions }, { at }) {
    const place = at == null ? null : Number(at);
    const there = place === null ? undefined : mentions.find(({ start, end }) => start <= place && place < end);
    return (there ?? mentions.find(({ status }) => status === "undecided") ?? mentions[0])?.id ?? null;
  }

  function inField(event) {
    const own = event.key === "Enter" ? "input, select, textarea, dialog, button, a, summary" : "input, select, textarea, dialog";
    return event.target.closest(own) !== null;
  }

  // What the actions get: the article and its review, what is chosen, and how to change that.
  function useChoice(article, query, frame) {
    useReviews();
    const review = reviewOf(article);
    const view = useMemo(() => reviews.reviewed(article, review), [article, review]);
    const [selected, setSelected] = useState(() => firstOf(view, query));
    const [chosen, setRelation] = useState(null);
    const [linking, setLinking] = useState(null);
    const [lastType, setLastType] = useState("SYMPTOM");
    const [dialog, setDialog] = useState(null);
    const [said, say] = useVoice();
    const picked = usePicked(frame, article);
    const mention = view.byId.get(selected);
    const lines = mention === undefined ? [] : view.relations.filter(({ head, tail }) => head === selected || tail === selected);
    const select = (id) => { setSelected(id); setRelation(null); };
    const go = (next) => { select(next.id); say(reviewActions.describe(article, view, next)); };
    const change = (next, words, at = selected) => { changeReview(article, next, at); say(words); };
    return {
      article, review, view, mention, lines, relation: lines.find(({ key }) => key === chosen), linking, lastType, dialog, said, picked,
      say, select, go, change, setRelation, setLinking, setLastType, setDialog,
    };
  }

  function Review({ article, query }) {
    const frame = useRef(null);
    const focusText = () => frame.current.querySelector(".article-text").focus({ preventScroll: true });
    const focusConcept = () => frame.current.querySelector(".concept-field input")?.focus();
    const choice = useChoice(article, query, frame);
    // The browser may tell of what is selected after the key that is about it.
    const takePicked = () => {
      const place = selectedPlace(frame.current, article) ?? choice.picked;
      if (place !== null) getSelection().removeAllRanges();
      return place;
    };
    const c = { ...choice, focusConcept, takePicked };
    useLayoutEffect(focusText, []);
    useLayoutEffect(() => { frame.current.querySelector(".panel").scrollTop = 0; }, [c.mention?.id]);
    // relation: the one whose button it is, where it is not the one that is gone to.
    const act = (name, relation = c.relation) => reviewActions.DO[name]({ ...c, relation });
    const key = (event) => {
      const name = inField(event) ? null : reviewActions.actionOf(event);
      if (name === null) return;
      event.preventDefault();
      act(name);
    };
    const choose = (id) => (id === null ? c.select(null) : c.go(c.view.byId.get(id)));
    const concept = (conceptId) => reviewActions.fix(c, { conceptId }, () => `Concept: ${conceptId ?? "none"}.`);
    const mark = (place, type) => { c.setLastType(type); reviewActions.mark(c, place, type); };
    const close = () => c.setDialog(null);
    return html`<div class="review" ref=${frame} onKeyDown=${key}>
      <${ReviewNotices} row=${article} />
      <${Toolbar} c=${c} act=${act} said=${c.said} />
      <div class="reading">
        <div><${ArticleText} article=${article} mentions=${marksOf(c)} selected=${c.mention?.id ?? null} onSelect=${choose} at=${c.mention?.start} /></div>
        <aside class="card panel" aria-label="The mention that is chosen" tabindex="-1">
          <${ReviewPanel} c=${c} act=${act} onConcept=${concept} onLeaveField=${focusText} /></aside>
      </div>
      ${c.dialog === "keys" && html`<${KeysDialog} onClose=${close} />`}
      ${c.dialog === "mark" && html`<${MarkDialog} c=${c} from=${c.mention?.start ?? -1} onMark=${mark} onClose=${close} />`}
    </div>`;
  }

  Object.assign(app, { Review, ReviewNotices });
}
