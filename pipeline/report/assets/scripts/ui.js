// What all views are made of: elements, routes, numbers, downloads, theme.
"use strict";

{
  const { h, render } = preact;
  const { useState, useEffect, useMemo, useRef } = preactHooks;
  const html = htm.bind(h);

  const TYPE_NAMES = { CONDITION: "condition", SYMPTOM: "symptom", BODY_PART: "body part" };
  const TYPE_PLURALS = { CONDITION: "conditions", SYMPTOM: "symptoms", BODY_PART: "body parts" };
  const RELATION_NAMES = { has_symptom: "has symptom", affects: "affects", located_in: "located in" };
  const HPOA_NAMES = {
    known: "known", known_broader: "known, broader", known_narrower: "known, narrower",
    unknown_pair: "not known", unknown_condition: "condition not in HPO",
  };
  const FREQUENCY_NAMES = {
    "HP:0040280": "always", "HP:0040281": "very often", "HP:0040282": "often",
    "HP:0040283": "sometimes", "HP:0040284": "rarely", "HP:0040285": "never",
  };

  // Routes are in the address behind "#", so that links, back and forward work from a file.
  function readRoute() {
    const [path, query = ""] = location.hash.slice(1).split("?");
    const [view = "", ...rest] = path.split("/").map(decodeURIComponent);
    return { view: view || "overview", rest, query: Object.fromEntries(new URLSearchParams(query)) };
  }

  function link(view, rest = [], query = {}) {
    const kept = Object.entries(query).filter(([, value]) => value !== "" && value != null);
    const search = new URLSearchParams(kept).toString();
    const path = [view, ...rest].map(encodeURIComponent).join("/");
    return `#${path}${search ? `?${search}` : ""}`;
  }

  function go(view, rest, query) {
    location.hash = link(view, rest, query);
  }

  // Filters change the address without a step back for every letter.
  function replaceRoute(view, rest, query) {
    history.replaceState(null, "", link(view, rest, query));
    dispatchEvent(new HashChangeEvent("hashchange"));
  }

  function useRoute() {
    const [route, setRoute] = useState(readRoute);
    useEffect(() => {
      const changed = () => setRoute(readRoute());
      addEventListener("hashchange", changed);
      return () => removeEventListener("hashchange", changed);
    }, []);
    return route;
  }

  const whole = new Intl.NumberFormat("en");

  function count(number) {
    return whole.format(number);
  }

  function many(number, one, more = `${one}s`) {
    return `${count(number)} ${number === 1 ? one : more}`;
  }

  // As Python writes it: of two as near, the even one, where JavaScript takes the larger one.
  function decimal(value, digits = 2) {
    if (value == null) return "–";
    const halfway = Math.abs(value * 2 ** (digits + 1)) % 2 === 1;
    const below = Math.floor(value * 10 ** digits);
    const shown = halfway ? (below + Math.abs(below % 2)) / 10 ** digits : value;
    return shown.toFixed(digits).replace("-", "−");
  }

  // A probability of chance: tiny ones by their power of ten.
  function chance(value) {
    if (value == null) return "–";
    if (value >= 0.001) return value.toFixed(3);
    if (value === 0) return "< 1e−300";
    return value.toExponential(0).replace("-", "−");
  }

  function storageGet(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  // Whether the browser keeps it: some do not for pages that were opened from a file.
  function storageSet(key, value) {
    try {
      localStorage.setItem(key, value);
      return true;
    } catch {
      return false;
    }
  }

  function download(name, content, type = "text/plain;charset=utf-8") {
    const url = URL.createObjectURL(new Blob([content], { type }));
    const anchor = document.createElement("a");
    anchor.href = url;
    anchor.download = name;
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  // A cell that a spreadsheet would run as a formula gets an apostrophe, as in our CSV files.
  function csvCell(value) {
    const text = value == null ? "" : String(value);
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }

  function toCsv(rows) {
    if (rows.length === 0) return "";
    const names = Object.keys(rows[0]);
    const lines = [names, ...rows.map((row) => names.map((name) => row[name]))];
    return lines.map((line) => line.map(csvCell).join(",")).join("\r\n") + "\r\n";
  }

  function DownloadCsv({ name, rows, children = "CSV" }) {
    const save = () => download(`${name}.csv`, `\ufeff${toCsv(rows())}`, "text/csv;charset=utf-8");
    return html`<button type="button" class="quiet" onClick=${save}
      aria-label="Download ${name} as CSV">↓ ${children}</button>`;
  }

  // Where an ontology shows a concept; nothing is loaded until somebody follows it.
  function Curie({ id }) {
    if (!id) return html`<span class="muted">no concept</span>`;
    const shown = id.split(",").map((curie) => {
      const [prefix, local] = curie.split(":");
      if (!/^[A-Za-z]+$/.test(prefix) || !/^\d+$/.test(local ?? "")) return html`<code>${curie}</code>`;
      return html`<a class="curie" href="https://purl.obolibrary.org/obo/${prefix}_${local}"
        target="_blank" rel="noreferrer">${curie}</a>`;
    });
    return html`<span class="curies">${shown}</span>`;
  }

  function TypeTag({ type }) {
    return html`<span class="tag ${type}">${TYPE_NAMES[type] ?? type}</span>`;
  }

  function Select({ label, value, options, onChange }) {
    return html`<label class="field"><span>${label}</span>
      <select value=${value} onChange=${(event) => onChange(event.target.value)}>
        ${options.map(([key, name]) => html`<option key=${key} value=${key}
          selected=${key === value}>${name}</option>`)}
      </select></label>`;
  }

  function Search({ label, value, onChange, placeholder = "" }) {
    return html`<label class="field grow"><span>${label}</span>
      <input type="search" value=${value} placeholder=${placeholder}
        onInput=${(event) => onChange(event.target.value)} /></label>`;
  }

  function Pager({ page, pages, onPage, label }) {
    if (pages <= 1) return null;
    return html`<nav class="pager" aria-label="Pages of ${label}">
      <button type="button" disabled=${page === 0} onClick=${() => onPage(page - 1)}>‹ Back</button>
      <span>page ${count(page + 1)} of ${count(pages)}</span>
      <button type="button" disabled=${page >= pages - 1} onClick=${() => onPage(page + 1)}>Next ›</button>
    </nav>`;
  }

  const THEMES = { auto: "System colours", light: "Light colours", dark: "Dark colours" };
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const kept = storageGet("symptograph:theme");
  let chosenTheme = kept === "light" || kept === "dark" ? kept : "auto";

  function isDark() {
    return chosenTheme === "auto" ? systemDark.matches : chosenTheme === "dark";
  }

  // Styles go by the attribute, charts are drawn anew at the event.
  function applyTheme() {
    document.documentElement.dataset.theme = isDark() ? "dark" : "light";
    dispatchEvent(new Event("themechange"));
  }

  function ThemeChoice() {
    const [theme, choose] = useState(chosenTheme);
    const change = (value) => {
      chosenTheme = value;
      storageSet("symptograph:theme", value);
      applyTheme();
      choose(value);
    };
    return html`<label class="theme"><span class="hidden">Colours</span>
      <select value=${theme} onChange=${(event) => change(event.target.value)}>
        ${Object.entries(THEMES).map(([key, name]) => html`<option key=${key} value=${key}>${name}</option>`)}
      </select></label>`;
  }

  function useDark() {
    const [dark, setDark] = useState(isDark);
    useEffect(() => {
      const changed = () => setDark(isDark());
      addEventListener("themechange", changed);
      return () => removeEventListener("themechange", changed);
    }, []);
    return dark;
  }

  systemDark.addEventListener("change", applyTheme);
  applyTheme();

  Object.assign(app, {
    html, render, useState, useEffect, useMemo, useRef, TYPE_NAMES, TYPE_PLURALS, RELATION_NAMES,
    HPOA_NAMES, FREQUENCY_NAMES, link, go, replaceRoute, useRoute, count, many, decimal, chance,
    storageGet, storageSet, download, toCsv, DownloadCsv, Curie, TypeTag, Select, Search, Pager,
    ThemeChoice, useDark,
  });
}
