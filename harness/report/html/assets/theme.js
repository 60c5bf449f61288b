/* Runs before the first paint: the reader's choice, else the system's. */
(() => {
  "use strict";
  let kept = null;
  try { kept = localStorage.getItem("holdfast-theme"); } catch { /* private window */ }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (theme) => { document.documentElement.dataset.theme = theme; };
  apply(kept || (dark.matches ? "dark" : "light"));
  dark.addEventListener("change", () => { if (!kept) { apply(dark.matches ? "dark" : "light"); dispatchEvent(new Event("holdfast-theme")); } });
  globalThis.holdfastToggle = () => {
    kept = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("holdfast-theme", kept); } catch { /* private window */ }
    apply(kept);
    dispatchEvent(new Event("holdfast-theme"));
  };
  let shown = null;
  addEventListener("beforeprint", () => { shown = document.documentElement.dataset.theme; apply("light"); dispatchEvent(new Event("holdfast-theme")); });
  addEventListener("afterprint", () => { apply(shown); dispatchEvent(new Event("holdfast-theme")); });
})();
