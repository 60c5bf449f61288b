/* Training curves: uPlot draws, we name, colour and explain. */
const HUES = { light: ["#0a5f9e", "#b5460f", "#1c6b52", "#8a4f9e", "#7d5700", "#4d5a66"], dark: ["#78baec", "#f39a63", "#7cc9ae", "#cf9fe0", "#e3bd62", "#b3bcc4"] };
const short = (value) => (value === null || value === undefined ? "–" : Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3) ? value.toExponential(1) : String(+value.toPrecision(4)));

class Curve {
  constructor(holder, panel) {
    this.panel = panel;
    this.canvas = node("div", { class: "canvas" });
    this.names = node("div", { class: "series" });
    holder.append(node("h3", {}, panel.title), this.names, this.canvas);
    this.hidden = new Set();
    this.draw();
    addEventListener("holdfast-theme", () => this.draw());
    new ResizeObserver(() => { if (this.canvas.clientWidth) this.plot.setSize(this.size()); }).observe(this.canvas);
  }

  size() { return { width: Math.max(200, this.canvas.clientWidth), height: 180 }; }

  draw() {
    if (this.plot) this.plot.destroy();
    const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name).trim();
    this.hues = HUES[document.documentElement.dataset.theme] || HUES.light;
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 }, font: `11.5px ${colour("--sans")}` };
    const series = this.panel.series.map((line, i) => ({ label: line.name, stroke: this.hues[i % this.hues.length], width: 1.75, spanGaps: true, show: !this.hidden.has(i),
      points: { show: line.y.filter((v) => v !== null).length < 30, size: 5 } }));
    this.plot = new uPlot({ ...this.size(), scales: { x: { time: false } }, legend: { show: false }, cursor: { sync: { key: "training" }, y: false },
      axes: [{ ...axis, size: 30, values: (_, ticks) => ticks.map(count) }, { ...axis, size: 54, values: (_, ticks) => ticks.map(short) }],
      series: [{}, ...series], hooks: { setCursor: [(plot) => this.read(plot.cursor.idx)] } },
    [this.panel.x, ...this.panel.series.map((line) => line.y)], this.canvas);
    this.label();
  }

  label() {
    this.values = [];
    this.names.replaceChildren(...this.panel.series.map((line, i) => {
      const value = node("b", {}), swatch = node("i", {});
      swatch.style.color = this.hues[i % this.hues.length];
      this.values.push(value);
      return node("button", { type: "button", "aria-pressed": String(!this.hidden.has(i)), title: "show or hide", onclick: () => this.flip(i) }, swatch, line.name, value);
    }));
    this.read(null);
  }

  flip(i) {
    if (this.hidden.has(i)) this.hidden.delete(i); else this.hidden.add(i);
    this.plot.setSeries(i + 1, { show: !this.hidden.has(i) });
    this.names.children[i].setAttribute("aria-pressed", String(!this.hidden.has(i)));
  }

  /* The value under the cursor, else the last one. */
  read(at) {
    this.panel.series.forEach((line, i) => {
      const last = line.y.findLastIndex((v) => v !== null);
      const value = at === null || at === undefined ? line.y[last] : line.y[at];
      this.values[i].textContent = short(value);
    });
  }
}
