// What a reviewer can do: the keys, and what each does and says. An action gets the context that
// the view makes of what is chosen: see `Review`.
"use strict";

{
  const { count, many, undoReview, redoReview, TYPE_NAMES, RELATION_NAMES, reviews } = app;

  const ACTIONS = {
    next: ["j", "the next mention; so do → and ↓ in the text"],
    previous: ["k", "the mention before; so do ← and ↑ in the text"],
    undecided: ["n", "the next mention that is undecided"],
    accept: ["a", "accept the mention, or the relation that r has gone to"],
    reject: ["x", "reject it; a mention takes its relations with it"],
    restore: ["o", "the mention as it was found, undecided"],
    CONDITION: ["1", "it is a condition"],
    SYMPTOM: ["2", "it is a symptom"],
    BODY_PART: ["3", "it is a body part"],
    startLeft: ["[", "begin one word further left"],
    startRight: ["]", "begin one word further right"],
    endLeft: ["{", "end one word further left; also Shift and ["],
    endRight: ["}", "end one word further right; also Shift and ]"],
    denied: ["d", "denied, or not"],
    hedged: ["h", "hedged, or not"],
    concept: ["c", "write its concept; Enter keeps it, Escape does not"],
    mark: ["m", "mark the text that is selected, or words that you give, as a mention"],
    link: ["l", "begin a relation at this mention; at another one, make it"],
    relation: ["r", "go through the relations of the mention"],
    refit: ["f", "change the relation to what its mentions' types allow"],
    undo: ["z", "undo; also u"],
    redo: ["Shift+Z", "do it again; also Shift+U"],
    done: ["Enter", "the article is done: what is undecided counts as accepted; or open it again"],
    leave: ["Escape", "give up a relation that was begun, leave a relation or the mention"],
    keys: ["?", "show these keys"],
  };
  const BY_KEY = new Map(Object.entries(ACTIONS).map(([name, [key]]) => [key.toLowerCase(), name]));
  BY_KEY.set("u", "undo").set("shift+u", "redo").set("shift+[", "endLeft").set("shift+]", "endRight");
  const HELD = new Set(["next", "previous", "undecided", "startLeft", "startRight", "endLeft", "endRight", "undo", "redo"]);

  // The action of a key, null where it has none. Many keyboards have brackets only with Alt.
  function actionOf(event) {
    const { key, shiftKey, ctrlKey, altKey, metaKey, repeat } = event;
    if (metaKey || event.isComposing || ((ctrlKey || altKey) && !"[]{}".includes(key))) return null;
    const letter = key.toLowerCase();
    const name = (shiftKey ? BY_KEY.get(`shift+${letter}`) : undefined) ?? BY_KEY.get(letter) ?? null;
    return repeat && !HELD.has(name) ? null : name;
  }

  function quoted(words) {
    const line = words.replace(/\s+/g, " ");
    const points = Array.from(line);
    return `“${points.length > 60 ? `${points.slice(0, 59).join("")}…` : line}”`;
  }

  function wordsOf({ text }, { start, end }) {
    return quoted(text.slice(start, end));
  }

  function relationWords(article, { byId }, { type, head, tail }) {
    return `${wordsOf(article, byId.get(head))} ${RELATION_NAMES[type]} ${wordsOf(article, byId.get(tail))}`;
  }

  const STATES = {
    undecided: "undecided", accepted: "accepted", rejected: "rejected", fixed: "fixed", added: "added by you",
    gone: "rejected with its mention", denied: "denied: gives no relation", unfit: "does not fit the types now: left out",
  };

  function describe(article, { mentions }, mention) {
    const facts = [TYPE_NAMES[mention.type], wordsOf(article, mention), mention.negated && "denied",
      mention.uncertain && "hedged", STATES[mention.status]].filter(Boolean);
    return `${count(mentions.indexOf(mention) + 1)} of ${count(mentions.length)}: ${facts.join(", ")}`;
  }

  function step(c, by) {
    const { mentions } = c.view;
    if (mentions.length === 0) { c.say("There are no mentions; m marks one."); return; }
    const place = mentions.indexOf(c.mention);
    c.go(mentions[place < 0 ? 0 : Math.max(0, Math.min(mentions.length - 1, place + by))]);
  }

  function nextUndecided(c) {
    const { mentions } = c.view;
    const after = mentions.indexOf(c.mention) + 1;
    const next = [...mentions.slice(after), ...mentions.slice(0, after)].find(({ status }) => status === "undecided");
    if (next === undefined) c.say(c.review.done ? "Nothing is undecided." : "Nothing is undecided; Enter marks the article as done.");
    else c.go(next);
  }

  function refusesTwin(c, mention) {
    const same = reviews.twin(c.view, mention);
    if (same === undefined) return false;
    c.say(`${wordsOf(c.article, same)} is marked as ${TYPE_NAMES[same.type]} at that place already.`);
    return true;
  }

  function acceptMention(c, mention) {
    if (mention.status === "added") c.say("You added it: it counts as accepted.");
    else if (mention.status === "accepted" || mention.status === "fixed") c.say(`It is ${mention.status} already.`);
    else if (!refusesTwin(c, mention)) c.change(reviews.decideMention(c.review, mention, "accepted"), "Accepted.");
  }

  function rejectMention(c, mention) {
    const next = reviews.decideMention(c.review, mention, "rejected");
    if (mention.status === "rejected") { c.say("It is rejected already."); return; }
    if (mention.found !== null) { c.change(next, `Rejected ${wordsOf(c.article, mention)}.`); return; }
    const others = c.view.mentions.filter(({ id }) => id !== mention.id);
    const place = Math.min(c.view.mentions.indexOf(mention), others.length - 1);
    c.select(others[place]?.id ?? null);
    c.change(next, `Taken away again: ${wordsOf(c.article, mention)}.`);
  }

  // What becomes of a mention's relations is said with it.
  function lost({ article, mention }, review) {
    const { relations } = reviews.reviewed(article, review);
    const own = relations.filter(({ head, tail }) => head === mention.id || tail === mention.id);
    const unfit = own.filter(({ status }) => status === "unfit").length;
    const denied = own.filter(({ status }) => status === "denied").length;
    return [unfit > 0 && ` ${many(unfit, "relation")} no longer fit and are left out; r goes to them.`,
      denied > 0 && ` What is denied gives no relation: ${many(denied, "relation")} left out.`].filter(Boolean).join("");
  }

  function fix(c, changes, message) {
    const changed = { ...c.mention, ...changes };
    if (refusesTwin(c, changed)) return;
    const next = reviews.fixMention(c.review, c.mention, changes);
    c.change(next, message(changed) + lost(c, next));
  }

  function setType(c, type) {
    c.setLastType(type);
    if (c.mention.type === type) c.say(`It is a ${TYPE_NAMES[type]} already.`);
    else fix(c, { type }, () => `Now a ${TYPE_NAMES[type]}.`);
  }

  function move(c, edge, by) {
    const place = reviews.moved(c.article, c.mention, edge, by);
    if (place === null) c.say("It cannot go further there.");
    else fix(c, place, (changed) => `Now ${wordsOf(c.article, changed)}.`);
  }

  function restore(c, mention) {
    if (mention.found === null) c.say("You added it; x takes it away.");
    else if (mention.status === "undecided") c.say("It is as it was found.");
    else if (!refusesTwin(c, { ...mention.found })) c.change(reviews.restoreMention(c.review, mention), "As it was found, undecided.");
  }

  function mark(c, place, type) {
    if (refusesTwin(c, { ...place, type, id: null })) return;
    const { id, review } = reviews.addMention(c.article, c.review, { ...place, type });
    c.select(id);
    c.change(review, `Marked ${wordsOf(c.article, place)} as ${TYPE_NAMES[type]}; 1, 2 and 3 change that.`, id);
  }

  const LEFT_OUT = new Set(["rejected", "gone", "denied", "unfit"]);

  function connect(c, from) {
    const { mention, view } = c;
    const pair = reviews.relationBetween(from, mention);
    const ends = `${TYPE_NAMES[from.type]} and ${TYPE_NAMES[mention.type]}`;
    const denied = [from, mention].find(({ negated }) => negated);
    const rejected = [from, mention].find(({ status }) => status === "rejected");
    if (pair === null) { c.say(`No relation: there is none between ${ends}.`); return; }
    if (rejected) { c.say(`No relation: ${wordsOf(c.article, rejected)} is rejected.`); return; }
    if (denied) { c.say(`No relation: ${wordsOf(c.article, denied)} is denied, and what is denied gives none.`); return; }
    const same = view.relations.filter((relation) => reviews.relationKey(relation) === reviews.relationKey(pair));
    const told = `Relation: ${relationWords(c.article, view, pair)}.`;
    if (same.some(({ status }) => !LEFT_OUT.has(status))) c.say("They have that relation already.");
    else if (same.length > 0) c.change(reviews.decideRelation(c.review, same[0], "accepted"), told);
    else c.change(reviews.addRelation(c.review, pair), told);
  }

  function link(c, mention) {
    const from = c.view.byId.get(c.linking);
    c.setLinking(null);
    if (from === undefined) {
      c.setLinking(mention.id);
      c.say(`A relation begins at ${wordsOf(c.article, mention)}: choose another mention, then l. Escape gives up.`);
    } else if (from.id === mention.id) c.say("No relation was made.");
    else connect(c, from);
  }

  function nextRelation(c) {
    const lines = c.lines.filter(({ status }) => status !== "gone" && status !== "denied");
    const place = lines.findIndex(({ key }) => key === c.relation?.key) + 1;
    const next = lines[place];
    c.setRelation(next?.key ?? null);
    if (lines.length === 0) c.say("It has no relation to decide; l makes one.");
    else if (next === undefined) c.say("Back at the mention.");
    else c.say(`Relation ${place + 1} of ${lines.length}: ${relationWords(c.article, c.view, next)}, ${STATES[next.status]}.`);
  }

  function decideRelation(c, relation, verdict) {
    const words = relationWords(c.article, c.view, relation);
    if (verdict === "accepted" && relation.status === "unfit") c.say("It does not fit the types of its mentions; f changes it.");
    else if (verdict === "accepted" && relation.status === "fixed") c.say("It is fixed already.");
    else if (relation.status === verdict) c.say(`It is ${verdict} already.`);
    else if (verdict === "accepted" && relation.found === null) c.say("You added it: it counts as accepted.");
    else c.change(reviews.decideRelation(c.review, relation, verdict), `Relation ${verdict}: ${words}.`);
  }

  function refit(c, relation) {
    const [head, tail] = [c.view.byId.get(relation.head), c.view.byId.get(relation.tail)];
    const pair = reviews.relationBetween(head, tail);
    const same = pair && c.view.relations.some((other) => other.key !== relation.key && !LEFT_OUT.has(other.status)
      && reviews.relationKey(other) === reviews.relationKey(pair));
    if (relation.status !== "unfit") c.say("It fits the types of its mentions.");
    else if (pair === null) c.say(`There is no relation between ${TYPE_NAMES[head.type]} and ${TYPE_NAMES[tail.type]}; x rejects it.`);
    else if (same) c.say("They have that relation already; x rejects this one.");
    else c.change(reviews.refitRelation(c.review, relation, pair), `Relation changed: ${relationWords(c.article, c.view, pair)}.`);
  }

  function travel(c, last, message) {
    if (last === null) { c.say(`Nothing to ${message}.`); return; }
    if (last.at !== null) c.select(last.at);
    c.say(message === "undo" ? "Undone." : "Done again.");
  }

  function toggleDone(c) {
    const done = !c.review.done;
    c.change({ ...c.review, done }, done ? "Done: what is undecided counts as accepted." : "The article is open again.");
  }

  function leave(c) {
    if (c.linking !== null) { c.setLinking(null); c.say("No relation was made."); return; }
    if (c.relation) { c.setRelation(null); c.say("Back at the mention."); return; }
    c.select(null);
  }

  const ofMention = (does) => (c) => {
    if (c.mention) does(c, c.mention);
    else c.say("Choose a mention first.");
  };
  const ofRelation = (does) => (c) => {
    if (c.relation) does(c, c.relation);
    else c.say("Go to a relation first, with r.");
  };
  const ofEither = (mention, verdict) => (c) => (c.relation ? decideRelation(c, c.relation, verdict) : ofMention(mention)(c));

  const DO = {
    next: (c) => step(c, 1),
    previous: (c) => step(c, -1),
    undecided: nextUndecided,
    accept: ofEither(acceptMention, "accepted"),
    reject: ofEither(rejectMention, "rejected"),
    restore: ofMention(restore),
    CONDITION: ofMention((c) => setType(c, "CONDITION")),
    SYMPTOM: ofMention((c) => setType(c, "SYMPTOM")),
    BODY_PART: ofMention((c) => setType(c, "BODY_PART")),
    startLeft: ofMention((c) => move(c, "start", -1)),
    startRight: ofMention((c) => move(c, "start", 1)),
    endLeft: ofMention((c) => move(c, "end", -1)),
    endRight: ofMention((c) => move(c, "end", 1)),
    denied: ofMention((c, { negated }) => fix(c, { negated: !negated }, () => (negated ? "Not denied." : "Denied."))),
    hedged: ofMention((c, { uncertain }) => fix(c, { uncertain: !uncertain }, () => (uncertain ? "Not hedged." : "Hedged."))),
    concept: ofMention((c) => c.focusConcept()),
    mark: (c) => {
      const place = c.takePicked();
      if (place === null) c.setDialog("mark");
      else mark(c, place, c.lastType);
    },
    link: ofMention(link),
    relation: ofMention(nextRelation),
    refit: ofRelation(refit),
    undo: (c) => travel(c, undoReview(c.article), "undo"),
    redo: (c) => travel(c, redoReview(c.article), "redo"),
    done: toggleDone,
    leave,
    keys: (c) => c.setDialog("keys"),
  };

  Object.assign(app, {
    reviewActions: {
      ACTIONS, DO, STATES, actionOf, describe, quoted, relationWords, fix, mark,
    },
  });
}
