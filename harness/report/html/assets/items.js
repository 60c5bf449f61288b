/* The browser of flipped items: filters, a virtual list, and one item in full. */
const ROW = 60, FIRST_CHARACTERS = 20000, MORE_CHARACTERS = 200000;
const KINDS = [{ key: "lost", word: "Lost", icon: "down", was: "right before, wrong after" },
  { key: "gained", word: "Gained", icon: "up", was: "wrong before, right after" }];

class Browser {
  constructor(root, items) {
    this.root = root;
    this.items = items;
    this.list = root.querySelector(".list");
    this.space = node("div", { class: "space" });
    this.list.append(this.space);
    this.detail = root.querySelector(".detail");
    this.status = root.querySelector(".status");
    this.filter = { kind: "", task: "", category: "", query: "" };
    this.shown = new Uint32Array(0);
    this.at = -1;
    this.turn = 0;
    this.wire();
    this.apply();
  }

  wire() {
    const query = this.root.querySelector("input[type=search]");
    let timer = 0;
    query.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => this.set({ query: query.value }), 120); });
    for (const name of ["task", "category"]) {
      this.root.querySelector(`select[name=${name}]`).addEventListener("change", (event) => this.set({ [name]: event.target.value, ...(name === "task" ? { category: "" } : {}) }));
    }
    for (const chip of this.root.querySelectorAll(".chip")) chip.addEventListener("click", () => this.set({ kind: chip.dataset.kind }));
    this.list.addEventListener("scroll", () => this.paint(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.key(event));
    this.list.addEventListener("click", (event) => { const entry = event.target.closest(".entry"); if (entry) this.choose(Number(entry.dataset.at), true); });
    new ResizeObserver(() => this.paint()).observe(this.list);
  }

  set(change) {
    Object.assign(this.filter, change);
    return this.apply();
  }

  /* Which items match. A search reads the texts chunk by chunk and may be overtaken by a newer one. */
  async apply() {
    const turn = ++this.turn, { index } = this.items, { kind, task, category } = this.filter;
    this.controls();
    const wanted = { kind: KINDS.findIndex((k) => k.key === kind), task: index.tasks.indexOf(task), category: index.categories.indexOf(category) };
    let found = [];
    for (let i = 0; i < this.items.size; i++) {
      if (wanted.kind >= 0 && index.kind[i] !== wanted.kind) continue;
      if (wanted.task >= 0 && index.task[i] !== wanted.task) continue;
      if (wanted.category >= 0 && index.category[i] !== wanted.category) continue;
      found.push(i);
    }
    const query = this.filter.query.trim().toLowerCase();
    if (query) found = await this.search(found, query, turn);
    if (turn !== this.turn) return;
    this.shown = Uint32Array.from(found);
    this.space.style.height = `${this.shown.length * ROW}px`;
    this.list.scrollTop = 0;
    this.at = -1;
    this.paint();
    const all = this.items.size;
    this.status.textContent = this.shown.length === all ? `${count(all)} changed items` : `${count(this.shown.length)} of ${count(all)} changed items`;
    if (this.shown.length) this.choose(0, false); else this.empty();
  }

  async search(candidates, query, turn) {
    const size = this.items.index.chunk, found = [];
    let last = -1, texts = [], slice = performance.now();
    for (const [step, item] of candidates.entries()) {
      const number = Math.floor(item / size);
      if (number !== last) {
        texts = await this.items.haystacks(number);
        last = number;
        if (performance.now() - slice > 25) {
          this.status.textContent = `searching … ${Math.round((100 * step) / candidates.length)} %`;
          await breathe();
          slice = performance.now();
        }
        if (turn !== this.turn) return [];
      }
      if (texts[item % size].includes(query)) found.push(item);
    }
    return found;
  }

  controls() {
    for (const chip of this.root.querySelectorAll(".chip")) chip.setAttribute("aria-pressed", String(chip.dataset.kind === this.filter.kind));
    const { index } = this.items, task = index.tasks.indexOf(this.filter.task);
    const select = this.root.querySelector("select[name=category]");
    const used = new Set();
    index.category.forEach((category, i) => { if (category >= 0 && (task < 0 || index.task[i] === task)) used.add(index.categories[category]); });
    select.replaceChildren(node("option", { value: "" }, "All categories"), ...[...used].sort().map((name) => node("option", { value: name }, name)));
    select.hidden = !used.size;
    select.value = used.has(this.filter.category) ? this.filter.category : "";
    this.filter.category = select.value;
    this.root.querySelector("select[name=task]").value = this.filter.task;
    this.root.querySelector("input[type=search]").value = this.filter.query;
  }

  /* Only the rows in sight exist. */
  paint() {
    const first = Math.max(0, Math.floor(this.list.scrollTop / ROW) - 4);
    const end = Math.min(this.shown.length, first + Math.ceil(this.list.clientHeight / ROW) + 8);
    const rows = [];
    for (let at = first; at < end; at++) rows.push(this.entry(at));
    this.space.replaceChildren(...rows);
    this.list.setAttribute("aria-activedescendant", this.at >= first && this.at < end ? `entry-${this.at}` : "");
  }

  entry(at) {
    const { index } = this.items, item = this.shown[at], kind = KINDS[index.kind[item]];
    const where = index.category[item] >= 0 ? index.categories[index.category[item]] : "";
    const top = node("div", { class: "top" }, node("span", { class: `kind tone-${kind.key}` }, shape(kind.icon), kind.word),
      node("span", {}, plainLine(index.tasks[index.task[item]])), node("span", { class: "id" }, plainLine(where || index.id[item])));
    const entry = node("div", { class: "entry", role: "option", id: `entry-${at}`, "data-at": at, "aria-selected": String(at === this.at),
      "aria-setsize": this.shown.length, "aria-posinset": at + 1 }, top, node("div", { class: "text", dir: "auto" }, plainLine(index.snippet[item])));
    entry.style.top = `${at * ROW}px`;
    return entry;
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.list.clientHeight / ROW) - 1);
    const to = { ArrowDown: this.at + 1, j: this.at + 1, ArrowUp: this.at - 1, k: this.at - 1, PageDown: this.at + page, PageUp: this.at - page, Home: 0, End: this.shown.length - 1 }[event.key];
    if (event.key === "Enter" && this.at >= 0) { this.choose(this.at, true); this.detail.focus(); }
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey || !this.shown.length) return;
    event.preventDefault();
    this.choose(Math.min(Math.max(to, 0), this.shown.length - 1), false);
  }

  move(step) { this.choose(Math.min(Math.max(this.at + step, 0), this.shown.length - 1), true); }

  async choose(at, open) {
    this.at = at;
    const top = at * ROW, item = this.shown[at];
    if (top < this.list.scrollTop) this.list.scrollTop = top;
    else if (top + ROW > this.list.scrollTop + this.list.clientHeight) this.list.scrollTop = top + ROW - this.list.clientHeight;
    this.paint();
    if (open) this.root.classList.add("open");
    if (open) history.replaceState(null, "", this.link(item));
    const record = await this.items.record(item);
    if (this.shown[this.at] !== item) return;
    this.detail.replaceChildren(...this.page(item, record));
    this.detail.scrollTop = 0;
  }

  /* A link to one item: #item=BENCHMARK/ID. */
  link(item) {
    const { index } = this.items;
    return `#item=${encodeURIComponent(index.tasks[index.task[item]])}/${encodeURIComponent(index.id[item])}`;
  }

  async follow(hash) {
    if (!hash.startsWith("#item=")) return;
    await this.set({ kind: "", task: "", category: "", query: "" });
    for (let at = 0; at < this.shown.length; at++) {
      if (this.link(this.shown[at]) !== hash) continue;
      this.root.scrollIntoView();
      await this.choose(at, true);
      return;
    }
  }

  empty() { this.detail.replaceChildren(node("p", { class: "empty" }, "No item matches. Clear the search or a filter.")); }

  page(item, record) {
    const { index } = this.items, kind = KINDS[index.kind[item]];
    const back = node("button", { class: "icon back", type: "button", onclick: () => { this.root.classList.remove("open"); this.paint(); this.list.focus(); } }, "Back to the list");
    const move = (step, word) => node("button", { class: "icon", type: "button", "aria-label": word, onclick: () => this.move(step) }, step < 0 ? "↑" : "↓");
    const top = node("div", { class: "top" }, back, node("b", { class: `tone-${kind.key}` }, kind.word), node("span", { class: "soft" }, kind.was),
      node("span", {}, index.tasks[index.task[item]]), node("span", { class: "soft" }, `item ${plainLine(index.id[item])}`), node("span", { class: "move" }, move(-1, "Previous item"), move(1, "Next item")));
    if (index.category[item] >= 0) top.insertBefore(node("span", { class: "soft" }, plainLine(index.categories[index.category[item]])), top.lastChild);
    const marked = difference(record.before.text, record.after.text);
    const sides = node("div", { class: "sides" }, this.side("Before", record.before, marked && marked[0], "cut"), this.side("After", record.after, marked && marked[1], "new"));
    return [top, node("h3", {}, "Prompt"), node("div", { class: "box" }, ...longText(record.prompt), typeset(record.prompt)),
      node("h3", {}, "Reference"), node("div", { class: "box" }, ...longText(record.reference), typeset(record.reference)), node("h3", {}, marked ? "Completions, differences marked" : "Completions (too different to mark)"), sides];
  }

  side(title, side, marked, tone) {
    const facts = [side.score === null ? "not judged" : `score ${+side.score.toFixed(4)}`, side.outcome, side.finish === "length" ? "cut at the length limit" : side.finish, side.tokens === null ? null : `${count(side.tokens)} tokens`];
    const header = node("header", {}, node("b", {}, title), ...facts.filter(Boolean).map((fact) => node("span", {}, fact)));
    const extracted = node("dd", { class: "mono", dir: "auto" });
    if (side.extracted === null) extracted.append(node("span", { class: "soft" }, "nothing")); else appendText(extracted, side.extracted.slice(0, 2000));
    const reason = node("dd", { dir: "auto" });
    appendText(reason, side.reason.slice(0, 4000) || "–");
    const short = marked && side.text.length <= FIRST_CHARACTERS;
    const body = short ? [markedText(marked, tone)] : longText(side.text);
    if (!side.text) body[0].append(node("span", { class: "soft" }, "(empty)"));
    return node("div", { class: "said" }, header, ...body, typeset(side.text), node("dl", {}, node("dt", {}, "Extracted"), extracted, node("dt", {}, "Reason"), reason));
  }
}

function markedText(parts, tone) {
  const pre = node("pre", { dir: "auto" });
  for (const [text, changed] of parts) {
    const target = changed ? node("mark", { class: tone }) : pre;
    appendText(target, text);
    if (changed) pre.append(target);
  }
  return pre;
}

/* A text of any length: the beginning now, the rest when asked for. */
function longText(text) {
  const pre = node("pre", { dir: "auto" });
  appendText(pre, text.slice(0, FIRST_CHARACTERS));
  if (text.length <= FIRST_CHARACTERS) return [pre];
  let shown = FIRST_CHARACTERS;
  const label = () => `Show more (${count(text.length - shown)} of ${count(text.length)} characters left)`;
  const button = node("button", { class: "icon more", type: "button", onclick: () => {
    appendText(pre, text.slice(shown, shown + MORE_CHARACTERS));
    shown += MORE_CHARACTERS;
    if (shown >= text.length) button.remove(); else button.textContent = label();
  } }, label());
  return [pre, button];
}
