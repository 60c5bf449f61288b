/* A folder of runs: filters, two runs side by side, trends. Texts of runs are only ever text nodes. */
const points = (value, sign = false) => {
  if (value === null || value === undefined) return "–";
  const shown = Math.abs(100 * value).toFixed(1), zero = +shown === 0;
  return (zero || (!sign && value > 0) ? "" : value > 0 ? "+" : "−") + shown;
};
const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);
const svgNode = (tag, properties, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(properties)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
/* A model without the checkpoint that its name ends with: one line of the chart. */
const family = (name) => name.replace(/[/_-]?(checkpoint|step)[-_]?\d+\/?$/i, "") || "–";
const option = (value, text, chosen = false) => { const made = node("option", { value }, text); made.selected = chosen; return made; };
const titled = (label, element) => node("label", {}, label, element);

class Folder {
  constructor(data) {
    Object.assign(this, data);
    this.rows = [...document.querySelectorAll(".runs tbody tr")];
    this.byNumber = new Map(this.rows.map((row) => [+row.dataset.i, row]));
    this.form = document.querySelector(".picks");
    this.picked = [];
    this.texts = this.runs.map((run) => [run.path, ...run.models, run.data, run.suite, run.trainer, run.verdict, run.sentence, ...Object.keys(run.tasks)].join("\n").toLowerCase());
    this.form.addEventListener("input", () => this.filter());
    this.form.addEventListener("submit", (event) => event.preventDefault());
    document.querySelector(".runs").addEventListener("change", (event) => { if (event.target.matches("input.pick")) this.pick(+event.target.value, event.target.checked); });
    addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.closest("input, select, textarea") && !event.ctrlKey && !event.metaKey) { event.preventDefault(); this.form.query.focus(); }
    });
    this.trend = document.querySelector(".trend") ? new Trend(this, document.querySelector(".trend")) : null;
    this.sides = document.querySelector(".pair");
    this.restore();
    this.show();
    this.filter();
    if (this.sides) onSight(this.sides, () => { if (!this.sides.children.length) this.compare(); });
  }

  /* What is chosen stands in the address, so that a view can be linked to. */
  restore() {
    const kept = new URLSearchParams(location.hash.slice(1));
    for (const field of this.form.elements) if (field.name && kept.has(field.name)) field.value = kept.get(field.name);
    for (const path of kept.getAll("run").slice(0, 2)) { const i = this.runs.findIndex((run) => run.path === path); if (i >= 0) this.picked.push(i); }
  }

  remember() {
    const kept = new URLSearchParams([...new FormData(this.form)].filter(([, value]) => value));
    for (const i of this.picked) kept.append("run", this.runs[i].path);
    try { history.replaceState(null, "", `#${kept}`); } catch { /* some viewers of files refuse it */ }
  }

  filter() {
    const { model, data, task, verdict, query } = Object.fromEntries(new FormData(this.form));
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.runs.map((run, i) => (!model || run.models.includes(model)) && (!data || run.data === data) && (!task || task in run.tasks)
      && (!verdict || run.verdict === verdict) && words.every((word) => this.texts[i].includes(word)));
    for (const [i, row] of this.byNumber) row.hidden = !this.shown[i];
    const left = this.shown.filter(Boolean).length, all = this.runs.length;
    this.form.querySelector(".status").textContent = left === all ? `${count(all)} ${all === 1 ? "run" : "runs"}` : `${count(left)} of ${count(all)} runs`;
    document.querySelector(".none").hidden = left > 0;
    this.trend?.draw();
    this.remember();
  }

  pick(i, wanted) {
    this.picked = this.picked.filter((other) => other !== i);
    if (wanted) this.picked = [...this.picked, i].slice(-2);
    this.show();
    this.remember();
  }

  show() {
    for (const [i, row] of this.byNumber) {
      const chosen = this.picked.includes(i);
      row.classList.toggle("picked", chosen);
      row.querySelector("input.pick").checked = chosen;
    }
    const told = document.querySelector(".chosen");
    told.hidden = this.picked.length === 0;
    const names = this.picked.map((i) => this.runs[i].path).join(" and ");
    const next = this.picked.length === 2 ? node("a", { href: "#side", onclick: (event) => { event.preventDefault(); document.getElementById("side").scrollIntoView(); } }, "Side by side") : "choose one more";
    told.replaceChildren(node("span", {}, names), node("b", {}, next), node("button", { class: "icon", type: "button", onclick: () => { this.picked = []; this.show(); this.remember(); } }, "Clear"));
    if (this.sides && (this.picked.length || this.sides.children.length)) this.compare();
    this.trend?.draw();
  }

  choice(place) {
    const list = node("select", { onchange: (event) => { const chosen = [...this.picked]; chosen[place] = event.target.value === "" ? undefined : +event.target.value; this.picked = [...new Set(chosen.filter((i) => i !== undefined))]; this.show(); this.remember(); } });
    list.append(option("", "choose a run"), ...this.runs.map((run, i) => option(i, run.path, this.picked[place] === i)));
    return titled(place ? "Second" : "First", list);
  }

  compare() {
    const [a, b] = this.picked.map((i) => this.runs[i]);
    const parts = [node("div", { class: "choices" }, this.choice(0), this.choice(1))];
    if (a && b) parts.push(this.facts(a, b), this.difference(a, b), this.paired(a, b));
    this.sides.replaceChildren(...parts);
  }

  table(heads, lines) {
    const head = node("tr", {}, ...heads.map((name, i) => node("th", { scope: "col", class: i && i < 4 ? "n" : null }, name)));
    return node("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table, side by side" }, node("table", {}, node("thead", {}, head), node("tbody", {}, ...lines)));
  }

  facts(a, b) {
    const date = (run) => (run.time === null ? "–" : new Date(1000 * run.time).toISOString().slice(0, 16).replace("T", " "));
    const report = (run) => (run.report ? node("a", { href: run.report }, "open") : "–");
    const rows = [["Model", (r) => r.models.join(" → ") || "–"], ["Data", (r) => r.data || "–"], ["Trainer", (r) => r.trainer || "–"], ["Suite", (r) => r.suite || "–"],
      ["Date", date], ["Verdict", (r) => r.verdict], ["In words", (r) => r.sentence], ["Report", report]];
    const lines = rows.filter(([, of]) => of(a) !== "–" || of(b) !== "–").map(([name, of]) => node("tr", {}, node("th", { scope: "row" }, name), node("td", {}, of(a)), node("td", {}, of(b))));
    const head = node("tr", {}, ...["Run", a.path, b.path].map((name) => node("th", { scope: "col" }, name)));
    return node("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Table, side by side" }, node("table", {}, node("thead", {}, head), node("tbody", {}, ...lines)));
  }

  difference(a, b) {
    const names = [...new Set([...Object.keys(a.tasks), ...Object.keys(b.tasks)])];
    const both = names.map((name) => ({ name, a: a.tasks[name], b: b.tasks[name] })).map((line) => {
      const known = line.a && line.b && line.a[0] !== null && line.b[0] !== null;
      const error = known && line.a[1] !== null && line.b[1] !== null ? 1.96 * Math.hypot(line.a[1], line.b[1]) : null;
      return { ...line, change: known ? line.b[0] - line.a[0] : null, error };
    });
    const widest = Math.max(0.01, ...both.map((line) => Math.abs(line.change ?? 0)));
    const lines = both.map(({ name, a, b, change, error }) => {
      const width = 50 * Math.abs(change ?? 0) / widest;
      const bar = node("i"); bar.style.width = `${width}%`; bar.style.left = `${change < 0 ? 50 - width : 50}%`;
      const tone = change === null || Math.abs(change) <= (error ?? 0) ? "tone-flat" : change < 0 ? "tone-lost" : "tone-gained";
      return node("tr", {}, node("th", { scope: "row" }, name), node("td", { class: "n" }, points(a?.[0])), node("td", { class: "n" }, points(b?.[0])),
        node("td", { class: "n" }, change === null ? "–" : `${points(change, true)}${error === null ? "" : ` ± ${points(error)}`}`), node("td", { class: tone }, change === null ? "" : node("span", { class: "zero" }, bar)));
    });
    return this.table(["Benchmark", "First", "Second", "Difference", "As a bar"], lines);
  }

  paired(a, b) {
    const path = (run) => quoted(run.path === "." ? this.folder : `${this.folder.replace(/\/$/, "")}/${run.path}`);
    const told = node("p", { class: "lede" }, "± is 95 % as if the two had answered different items. Item by item the same runs prove smaller changes: ");
    if (this.compare_at) told.append(node("a", { href: `${this.compare_at}?${new URLSearchParams([["a", a.path], ["b", b.path]])}` }, "compare them item by item"), ", or ");
    told.append(node("code", {}, `holdfast compare ${path(a)} ${path(b)}`));
    return told;
  }
}

/* One benchmark over dates, or along the checkpoints of trainings. */
class Trend {
  constructor(folder, holder) {
    this.folder = folder;
    const measured = new Map();
    for (const run of folder.runs) for (const name of Object.keys(run.tasks)) measured.set(name, (measured.get(name) || 0) + 1);
    const names = [...measured.keys()].sort((a, b) => measured.get(b) - measured.get(a) || (a < b ? -1 : 1));
    this.task = node("select", { name: "trend-task", onchange: () => this.draw() }, ...names.map((name) => option(name, name)));
    this.along = node("select", { name: "along", onchange: () => this.draw() }, option("date", "dates"), option("step", "checkpoints"));
    this.svg = svgNode("svg", { class: "lane", role: "img" });
    this.legend = node("div", { class: "legend" });
    holder.replaceChildren(node("div", { class: "choices" }, titled("Benchmark", this.task), titled("Along", this.along)), this.svg, this.legend);
  }

  series() {
    const task = this.task.value, found = new Map();
    const least = this.folder.runs.some((run, i) => this.folder.shown[i] && run.looks.length > 2) ? 3 : 2; // start and end alone only where no run has more
    const add = (key, x, y, i) => { if (x === null || x === undefined || y === null || y === undefined) return; if (!found.has(key)) found.set(key, []); found.get(key).push({ x, y, i }); };
    this.folder.runs.forEach((run, i) => {
      if (!this.folder.shown[i]) return;
      const model = family(run.models.at(-1) || "–"), score = run.tasks[task]?.[0];
      if (this.along.value === "date") add(model, run.time, score, i);
      else if (run.looks.length >= least) for (const [step, scores] of run.looks) add(run.path, step, scores[task], i);
      else if (run.step !== null) add(family(run.models.at(-1) || run.path), run.step, score, i);
    });
    return [...found].map(([name, dots]) => [name, dots.sort((a, b) => a.x - b.x)]).sort((a, b) => b[1].length - a[1].length);
  }

  draw() {
    if (!this.folder.shown) return;
    const series = this.series(), dots = series.flatMap(([, list]) => list), parts = [];
    this.svg.replaceChildren();
    this.legend.replaceChildren();
    this.svg.setAttribute("aria-label", `${this.task.value} along ${this.along.value === "date" ? "dates" : "checkpoints"}: ${dots.length} scores`);
    if (!dots.length) { this.svg.append(svgNode("text", { x: "50%", y: "50%" }, this.along.value === "date" ? "no score" : "no run of these measured checkpoints (measure_checkpoints=true)")); return; }
    const span = (values, room) => { const low = Math.min(...values), high = Math.max(...values), wide = (high - low) || room; return [low - 0.04 * wide, high + 0.04 * wide]; };
    const [left, right] = span(dots.map((dot) => dot.x), this.along.value === "date" ? 86400 : 1), [low, high] = span(dots.map((dot) => dot.y), 0.02);
    const x = (value) => `${(100 * (value - left) / (right - left)).toFixed(2)}%`, y = (value) => `${(100 - 100 * (value - low) / (high - low)).toFixed(2)}%`;
    for (const value of this.ticks(100 * low, 100 * high, 5)) {
      parts.push(svgNode("line", { class: "grid", x1: 0, x2: "100%", y1: y(value / 100), y2: y(value / 100) }), svgNode("text", { class: "unit", x: 0, dx: -8, dy: 4, y: y(value / 100) }, String(value)));
    }
    for (const [value, label] of this.across(left, right)) parts.push(svgNode("line", { class: "grid", x1: x(value), x2: x(value), y1: 0, y2: "100%" }), svgNode("text", { x: x(value), y: "100%", dy: 17 }, label));
    parts.push(svgNode("text", { x: 0, y: 0, dy: -12, class: "first" }, `${this.task.value}, points`));
    series.forEach(([name, list], number) => {
      const hue = number < 6 ? `hue-${number}` : "hue-rest", group = svgNode("g", { class: `line ${hue}` });
      if (this.along.value === "step") list.slice(1).forEach((dot, k) => group.append(svgNode("line", { x1: x(list[k].x), y1: y(list[k].y), x2: x(dot.x), y2: y(dot.y) })));
      for (const dot of list) {
        const run = this.folder.runs[dot.i], mark = svgNode("circle", { class: `dot${this.folder.picked.includes(dot.i) ? " picked" : ""}`, cx: x(dot.x), cy: y(dot.y), r: 4.5 });
        mark.append(svgNode("title", {}, `${run.path}: ${points(dot.y)}`));
        mark.addEventListener("click", () => this.folder.pick(dot.i, !this.folder.picked.includes(dot.i)));
        group.append(mark);
      }
      parts.push(group);
      if (number < 7) this.legend.append(node("span", { class: hue }, node("i", { class: "swatch" }), number < 6 ? name : `${series.length - 6} more`));
    });
    this.svg.append(...parts);
  }

  ticks(low, high, wanted) {
    const raw = (high - low) / wanted, power = 10 ** Math.floor(Math.log10(raw)), step = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= raw * 0.75);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(+(i * step).toPrecision(10));
    return found;
  }

  /* At most one label per 90 pixels. */
  across(left, right) {
    const wanted = Math.max(2, Math.floor((this.svg.clientWidth || 600) / 90));
    if (this.along.value === "step") return this.ticks(left, right, wanted).filter((value) => value >= 0 && Number.isInteger(value)).map((value) => [value, count(value)]);
    const found = [];
    for (let k = 0; k < wanted; k++) { const at = left + (k + 0.5) * (right - left) / wanted; found.push([at, new Date(1000 * at).toISOString().slice(...(right - left > 3 * 86400 ? [0, 10] : [5, 16])).replace("T", " ")]); }
    return found;
  }
}

const viewData = document.getElementById("view-data");
if (viewData) globalThis.holdfastView = unpack(viewData).then((data) => new Folder(data));
