// The frame around the views.
"use strict";

{
  const { html, render, open, useRoute, link, ThemeChoice, useEffect } = app;

  const VIEWS = [
    ["overview", "Overview", () => app.Overview],
    ["relations", "Relations", () => app.Relations],
    ["charts", "Charts", () => app.Charts],
    ["articles", "Articles", () => app.ArticleList],
    ["evaluation", "Evaluation", () => app.Evaluation],
    ["review", "Review", () => app.ReviewHome],
  ];

  function shownViews() {
    return VIEWS.filter(([name]) => name !== "evaluation" || open("evaluation") !== null);
  }

  function viewOf(name) {
    if (name === "article") return app.Article;
    return (shownViews().find(([known]) => known === name) ?? VIEWS[0])[2]();
  }

  function Page() {
    const route = useRoute();
    const active = route.view === "article" ? (route.query.review === "1" ? "review" : "articles") : route.view;
    const View = viewOf(route.view);
    useEffect(() => scrollTo(0, 0), [route.view, route.rest.join("/")]);
    return html`<a class="skip" href="#main" onClick=${(event) => {
        event.preventDefault();
        document.getElementById("main").focus();
      }}>To the content</a>
      <header class="top"><h1><bdi>${document.title}</bdi></h1><${ThemeChoice} />
        <nav aria-label="Views">${shownViews().map(([name, label]) => html`<a key=${name} href=${link(name)}
          aria-current=${name === active ? "page" : undefined}>${label}</a>`)}</nav></header>
      <main id="main" tabindex="-1"><${View} key=${route.view} route=${route} /></main>
      <footer class="muted">symptograph ${open("overview").run.symptograph} · works offline, sends nothing anywhere
        <details><summary>licences of what is in this page</summary>
          <pre>${open("licences")}</pre></details></footer>`;
  }

  render(html`<${Page} />`, document.getElementById("app"));
}
