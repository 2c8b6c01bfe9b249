// Charts by Vega; their expressions are interpreted, as the page may not evaluate code.
"use strict";

{
  const { TYPES, html, useState, useEffect, useRef, useDark, DownloadCsv } = app;

  // The colours of the page's styles, as they are now.
  function pageColours() {
    const styles = getComputedStyle(document.documentElement);
    const names = [...TYPES, "ink", "muted", "line", "paper"];
    return Object.fromEntries(names.map((name) => [name, styles.getPropertyValue(`--${name}`).trim()]));
  }

  function config(colours) {
    const text = { labelColor: colours.ink, titleColor: colours.muted, labelFontSize: 12,
      titleFontSize: 12, titleFontWeight: "normal" };
    return {
      font: "system-ui, sans-serif",
      background: "transparent",
      view: { stroke: null },
      axis: { ...text, domainColor: colours.line, gridColor: colours.line, tickColor: colours.line,
        labelLimit: 220 },
      legend: { ...text },
      text: { color: colours.ink },
    };
  }

  function useWidth(ref) {
    const [width, setWidth] = useState(0);
    useEffect(() => {
      const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
      observer.observe(ref.current);
      return () => observer.disconnect();
    }, []);
    return width;
  }

  // spec(colours, width) gives a Vega or Vega-Lite specification; onClick gets the row of a mark.
  function Chart({ name, label, spec, rows, onClick, depends = [] }) {
    const frame = useRef(null);
    const place = useRef(null);
    const width = useWidth(frame);
    const dark = useDark();
    useEffect(() => {
      if (width === 0) return undefined;
      const colours = pageColours();
      let view = null;
      let gone = false;
      vegaEmbed(place.current, spec(colours, width), {
        ast: true, actions: false, renderer: "svg", config: config(colours),
        tooltip: { theme: dark ? "dark" : "light" },
      }).then((result) => {
        if (gone) { result.finalize(); return; }
        view = result;
        if (onClick) {
          result.view.addEventListener("click", (_, item) => {
            if (item?.datum) onClick(item.datum);
          });
        }
      });
      return () => { gone = true; view?.finalize(); };
    }, [width, dark, ...depends]);
    return html`<figure class="chart">
      <div ref=${frame} class="chart-frame" role="img" aria-label=${label}><div ref=${place} aria-hidden="true"></div></div>
      <figcaption><span class="muted">${label}</span><${DownloadCsv} name=${name} rows=${rows} /></figcaption>
    </figure>`;
  }

  Object.assign(app, { Chart });
}
