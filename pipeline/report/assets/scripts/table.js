// A table that can be sorted, paged and saved; on narrow screens each row is a card.
"use strict";

{
  const { html, useState, useMemo, useEffect, Pager, Select, DownloadCsv, count } = app;

  function compare(one, other) {
    // Nothing known comes last, whichever way the table is sorted.
    if (one == null || other == null) return (one == null) - (other == null);
    return typeof one === "string" ? one.localeCompare(other, "en") : one - other;
  }

  function sorted(rows, column, descending) {
    const keyed = rows.map((row) => [column.value(row), row]);
    keyed.sort(([one], [other]) => (one == null || other == null || !descending
      ? compare(one, other) : compare(other, one)));
    return keyed.map(([, row]) => row);
  }

  function kind({ numeric, short }) {
    return [numeric && "number", short && "short"].filter(Boolean).join(" ");
  }

  function Heading({ column, sort, onSort }) {
    const active = sort.key === column.key;
    const order = active ? (sort.descending ? "descending" : "ascending") : "none";
    const next = active ? !sort.descending : column.numeric === true;
    return html`<th role="columnheader" scope="col" aria-sort=${order} class=${kind(column)}>
      <button type="button" title=${column.title ?? ""} onClick=${() => onSort({ key: column.key, descending: next })}>
        ${column.label}<span aria-hidden="true" class="arrow">${active ? (sort.descending ? "▼" : "▲") : "↕"}</span>
      </button></th>`;
  }

  // columns: {key, label, value(row), show(row)?, numeric?, short?, title?}; detail(row) is shown below a row
  // that is open.
  function DataTable({ name, label, columns, rows, rowKey, start, pageSize = 25, detail, open, onOpen }) {
    const [sort, setSort] = useState(start);
    const [page, setPage] = useState(0);
    const ordered = useMemo(() => {
      const column = columns.find(({ key }) => key === sort.key);
      return column === undefined ? rows : sorted(rows, column, sort.descending);
    }, [rows, sort, columns]);
    const pages = Math.max(1, Math.ceil(ordered.length / pageSize));
    useEffect(() => {
      const at = open == null ? -1 : ordered.findIndex((row) => rowKey(row) === open);
      setPage(at < 0 ? 0 : Math.floor(at / pageSize));
    }, [rows, sort]);
    const shownPage = Math.min(page, pages - 1);
    const shown = ordered.slice(shownPage * pageSize, (shownPage + 1) * pageSize);
    const csv = () => ordered.map((row) =>
      Object.fromEntries(columns.map((column) => [column.key, column.value(row)])));
    const cells = (row, key) => columns.map((column, place) => html`
      <td role="cell" data-label=${column.label} class=${kind(column)}>
        ${place === 0 && detail
          ? html`<button type="button" class="opener" aria-expanded=${open === key}
              onClick=${() => onOpen(open === key ? null : key)}>
              <span class="turner" aria-hidden="true">▸</span>${(column.show ?? column.value)(row)}</button>`
          : (column.show ?? column.value)(row)}</td>`);
    return html`<div class="data-table">
      <div class="table-top"><span role="status">${count(rows.length)} ${label}</span>
        <${DownloadCsv} name=${name} rows=${csv} /></div>
      <div class="table-sort">
        <${Select} label="Sort by" value=${sort.key} onChange=${(key) => setSort({ ...sort, key })}
          options=${[["", "as they come"], ...columns.map((column) => [column.key, column.label])]} />
        <button type="button" onClick=${() => setSort({ ...sort, descending: !sort.descending })}
          aria-label="Turn the order round">${sort.descending ? "▼" : "▲"}</button></div>
      <table role="table" aria-label=${label}>
        <thead role="rowgroup"><tr role="row">
          ${columns.map((column) => html`<${Heading} key=${column.key} column=${column} sort=${sort} onSort=${setSort} />`)}
        </tr></thead>
        <tbody role="rowgroup">
          ${shown.map((row) => {
            const key = rowKey(row);
            const isOpen = detail && open === key;
            const click = (event) => {
              if (!event.target.closest("a, button")) onOpen(open === key ? null : key);
            };
            return [
              html`<tr role="row" key=${key} class=${isOpen ? "open" : ""} onClick=${detail ? click : undefined}>
                ${cells(row, key)}</tr>`,
              isOpen && html`<tr role="row" key=${`${key}-detail`} class="detail">
                <td role="cell" colspan=${columns.length}>${detail(row)}</td></tr>`,
            ];
          })}
        </tbody>
      </table>
      ${rows.length === 0 && html`<p class="empty">Nothing here. Change the filters.</p>`}
      <${Pager} page=${shownPage} pages=${pages} onPage=${setPage} label=${label} />
    </div>`;
  }

  Object.assign(app, { DataTable });
}
