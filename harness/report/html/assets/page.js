/* Start: small things first, the heavy ones when they come near. */
function onSight(element, start) {
  const watch = new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting)) { watch.disconnect(); start(); } }, { rootMargin: "600px" });
  watch.observe(element);
}

function startItems() {
  const root = document.getElementById("browser"), index = document.getElementById("index-data");
  if (!root || !index) return null;
  const ready = unpack(index).then((data) => new Browser(root, new Items(data, document.querySelectorAll("script.chunk"))));
  ready.then((browser) => { browser.follow(location.hash); addEventListener("hashchange", () => browser.follow(location.hash)); });
  ready.catch((error) => { root.querySelector(".status").textContent = `The items could not be read (${error.name}): this needs a browser of 2023 or later.`; });
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-task]");
    if (!link) return;
    const browser = await ready;
    browser.root.classList.remove("open");
    browser.set({ task: link.dataset.task, kind: link.dataset.kind || "", category: link.dataset.category || "", query: "" });
  });
  document.addEventListener("keydown", async (event) => {
    if (event.target.closest("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.key === "Escape") { (await ready).root.classList.remove("open"); }
    if (event.key !== "/" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    root.querySelector("input[type=search]").focus();
  });
  return ready;
}

function startCurves() {
  const data = document.getElementById("curve-data");
  if (!data) return;
  let begun = false;
  const draw = async () => {
    if (begun) return;
    begun = true;
    const panels = await unpack(data);
    document.querySelectorAll(".curve").forEach((holder, i) => new Curve(holder, panels[i]));
  };
  onSight(document.getElementById("training"), draw);
  /* On paper they are wanted though nobody scrolled to them. */
  (globalThis.requestIdleCallback || ((work) => setTimeout(work, 800)))(draw, { timeout: 2000 });
}

function startNav() {
  const links = [...document.querySelectorAll(".bar nav a")];
  const inSight = new Set();
  const watch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting) inSight.add(`#${target.id}`); else inSight.delete(`#${target.id}`);
    const current = links.find((link) => inSight.has(link.hash));
    links.forEach((link) => link.setAttribute("aria-current", String(link === current)));
  }, { rootMargin: "-20% 0px -70%" });
  document.querySelectorAll("main > section[id]").forEach((section) => watch.observe(section));
}

function startSorting() {
  for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table"), column = [...head.parentNode.children].indexOf(head);
    const up = head.getAttribute("aria-sort") !== "descending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "descending" : "ascending");
    const value = (row) => { const cell = row.children[column], key = cell.dataset.value ?? cell.textContent; return key !== "" && Number.isFinite(+key) ? +key : key; };
    const rows = [...table.tBodies[0].rows].sort((a, b) => { const x = value(a), y = value(b); return (x > y ? 1 : x < y ? -1 : 0) * (up ? -1 : 1); });
    table.tBodies[0].append(...rows);
  });
}

document.getElementById("toggle").addEventListener("click", () => holdfastToggle());
document.getElementById("print").addEventListener("click", () => print());
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", async () => {
  const source = document.getElementById(button.dataset.copy);
  try { await navigator.clipboard.writeText(source.textContent); button.textContent = "Copied"; } catch { getSelection().selectAllChildren(source); button.textContent = "Selected"; }
});
startNav();
startSorting();
startCurves();
globalThis.holdfastReady = startItems();

/* Paper shows everything: what is folded is opened for it. */
let folded = [];
addEventListener("beforeprint", () => { folded = [...document.querySelectorAll("details:not([open])")]; for (const part of folded) part.open = true; });
addEventListener("afterprint", () => { for (const part of folded) part.open = false; });
