"use strict";
// What the page does beside showing: one choice of segment, territory, kind, reason and words holds for all charts and
// tables. Everything from the plan reaches the page as text, never as markup.
(() => {
  const PAGE = 50;
  const data = JSON.parse(document.getElementById("data").textContent);
  const { changes, themes, hues, slots } = data;
  const names = data.territories;
  const views = [];
  const choice = { segment: "", territory: "", kind: "", reason: "", words: "" };
  const order = { by: "account", down: false };
  let page = 0;

  const $ = (id) => document.getElementById(id);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const printing = window.matchMedia("print");
  const theme = () => (dark.matches && !printing.matches ? themes.dark : themes.light);

  // Columns of the changes; what stands often is kept once and named by its number.
  const text = (column, row) => {
    const held = changes[column];
    if (!held.of) return held[row];
    const at = held.of[row];
    return at < 0 ? "" : held.words[at];
  };
  const count = changes.account.length;
  const searched = new Array(count);
  const haystack = (row) =>
    (searched[row] ??= ["account", "before", "after", "had", "has", "why"].map((c) => text(c, row)).join("\n").toLowerCase());

  function matching() {
    const words = choice.words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (let row = 0; row < count; row++) {
      const before = text("before", row);
      const after = text("after", row);
      if (choice.territory && before !== choice.territory && after !== choice.territory) continue;
      if (choice.segment && data.segments[after || before] !== choice.segment) continue;
      if (choice.kind && text("kind", row) !== choice.kind) continue;
      if (choice.reason && text("reason", row) !== choice.reason) continue;
      if (words.length && !words.every((word) => haystack(row).includes(word))) continue;
      found.push(row);
    }
    const sign = order.down ? -1 : 1;
    const rank = ranks(order.by);
    return found.sort((a, b) => sign * (rank(a) - rank(b)) || a - b);
  }

  // Changes stand in the order of their accounts; words of other columns are put in order once, not at each comparison.
  const ordered = {};
  function ranks(column) {
    const { of, words } = changes[column];
    if (!of) return (row) => row;
    if (!ordered[column]) {
      const compare = new Intl.Collator("en", { numeric: true }).compare;
      const places = words.map((_, at) => at).sort((a, b) => compare(words[a], words[b]));
      ordered[column] = [];
      places.forEach((at, place) => (ordered[column][at] = place));
    }
    return (row) => (of[row] < 0 ? -1 : ordered[column][of[row]]);
  }

  function cell(row, content, header = false) {
    const made = document.createElement(header ? "th" : "td");
    if (header) made.scope = "row";
    made.append(...[content].flat());
    row.append(made);
  }

  function territoryButton(name) {
    if (!name) return "–";
    const made = document.createElement("button");
    made.type = "button";
    made.className = "link";
    made.dataset.territory = name;
    made.textContent = name;
    return made;
  }

  let rows = [];
  let marked = "";
  function showTable() {
    const pages = Math.max(1, Math.ceil(rows.length / PAGE));
    page = Math.min(page, pages - 1);
    const body = document.createElement("tbody");
    for (const row of rows.slice(page * PAGE, (page + 1) * PAGE)) {
      const line = document.createElement("tr");
      cell(line, text("account", row), true);
      cell(line, text("kind", row));
      cell(line, territoryButton(text("before", row)));
      cell(line, territoryButton(text("after", row)));
      cell(line, text("had", row) || "–");
      cell(line, text("has", row) || "–");
      cell(line, text("why", row));
      body.append(line);
    }
    $("changes").tBodies[0].replaceWith(body);
    const n = (value) => value.toLocaleString("en-US");
    const last = Math.min(rows.length, (page + 1) * PAGE);
    const span = rows.length ? `, shown ${n(page * PAGE + 1)} to ${n(last)}` : "";
    $("count").textContent = `${n(rows.length)} of ${n(count)} changes${span}`;
    $("earlier").disabled = page === 0;
    $("later").disabled = page >= pages - 1;
  }

  function refresh() {
    rows = matching();
    page = 0;
    showTable();
    for (const control of ["segment", "territory", "kind", "reason"]) $(control).value = choice[control];
    $("all").disabled = !Object.values(choice).some(Boolean);
    for (const part of document.querySelectorAll("[data-segment]"))
      part.hidden = Boolean(choice.segment) && part.dataset.segment !== choice.segment;
    for (const button of document.querySelectorAll(".linked [data-territory]"))
      button.setAttribute("aria-pressed", String(button.dataset.territory === choice.territory));
    for (const line of document.querySelectorAll(".linked tbody tr"))
      line.classList.toggle("chosen", line.querySelector('[aria-pressed="true"]') !== null);
    if (marked === choice.territory) return;
    marked = choice.territory;
    for (const view of views) view.signal("chosen", marked).run();
  }

  function choose(territory) {
    choice.territory = choice.territory === territory ? "" : territory;
    if (choice.territory && choice.segment && data.segments[territory] !== choice.segment) choice.segment = "";
    refresh();
  }

  function paint() {
    for (const view of views) view.signal("theme", theme()).run();
  }

  // One row a circle of a map, on the side that it shows.
  function circles(segment, side) {
    const found = [];
    const { account, before, after, latitude, longitude, n } = data.places[segment];
    const [here, there] = side === "before" ? [before, after] : [after, before];
    for (let row = 0; row < n.length; row++) {
      if (here[row] < 0) continue;
      const territory = names[here[row]];
      found.push({
        account: account[row] ?? `${n[row].toLocaleString("en-US")} accounts`,
        territory,
        other: there[row] < 0 ? "" : names[there[row]],
        hue: hues[here[row]],
        slot: slots.includes(territory),
        latitude: latitude[row],
        longitude: longitude[row],
        n: n[row],
      });
    }
    return found;
  }

  async function draw(place) {
    const { spec, segment, side } = data.charts[Number(place.dataset.chart)];
    if (side) spec.datasets = { ...spec.datasets, circles: circles(segment, side), outlines: data.outlines };
    spec.autosize = { type: "fit", contains: "padding" };
    spec.params.find((param) => param.name === "theme").value = theme();
    spec.params.find((param) => param.name === "chosen").value = choice.territory;
    const { view } = await vegaEmbed(place, spec, {
      mode: "vega-lite",
      // Expressions are read as data and walked through: a strict policy forbids to compile them.
      ast: true,
      actions: false,
      renderer: side ? "canvas" : "svg",
      defaultStyle: false,
      tooltip: { disableDefaultStyle: true },
    });
    // The place says what is drawn; its parts would be read out one by one.
    for (const drawing of place.querySelectorAll("svg, canvas")) drawing.setAttribute("aria-hidden", "true");
    view.addEventListener("click", (_, item) => {
      const territory = item?.datum?.territory;
      if (territory && names.includes(territory)) choose(territory);
    });
    view.signal("chosen", choice.territory);
    views.push(view);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-territory]");
    if (button) choose(button.dataset.territory);
  });
  for (const control of ["segment", "territory", "kind", "reason"])
    $(control).addEventListener("change", (event) => {
      choice[control] = event.target.value;
      refresh();
    });
  $("words").addEventListener("input", (event) => {
    choice.words = event.target.value;
    refresh();
  });
  $("all").addEventListener("click", () => {
    for (const key of Object.keys(choice)) choice[key] = "";
    $("words").value = "";
    refresh();
  });
  $("earlier").addEventListener("click", () => (page--, showTable()));
  $("later").addEventListener("click", () => (page++, showTable()));
  for (const button of $("changes").querySelectorAll("thead button"))
    button.addEventListener("click", () => {
      const by = button.dataset.by;
      order.down = order.by === by && !order.down;
      order.by = by;
      for (const header of $("changes").querySelectorAll("thead th")) header.removeAttribute("aria-sort");
      button.closest("th").setAttribute("aria-sort", order.down ? "descending" : "ascending");
      refresh();
    });
  dark.addEventListener("change", paint);
  printing.addEventListener("change", paint);
  // Paper is narrower than most screens: charts are drawn anew for it, not cut off.
  const paper = (on) => {
    document.documentElement.classList.toggle("paper", on);
    for (const view of views) {
      const place = view.container();
      view.width(place.clientWidth);
      if (place.classList.contains("map")) view.height(place.clientHeight);
    }
    paint();
  };
  window.addEventListener("beforeprint", () => paper(true));
  window.addEventListener("afterprint", () => paper(false));

  (async () => {
    refresh();
    for (const place of document.querySelectorAll("[data-chart]")) await draw(place);
    document.body.dataset.ready = "yes";
  })();
})();
