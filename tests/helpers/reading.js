(within) => {
  const shown = (e) => e.checkVisibility() && e.getClientRects().length && !e.closest("[aria-hidden=true]");
  const all = (selector) => [...document.querySelector(within).querySelectorAll(selector)].filter(shown);
  const name = (e) => `${e.tagName.toLowerCase()}.${e.className.baseVal ?? e.className} ${e.textContent.trim().slice(0, 40)}`;
  const found = [];
  const add = (what, list) => list.forEach((e) => found.push(`${what}: ${name(e)}`));
  const named = (e) => e.textContent.trim() || e.getAttribute("aria-label") || e.title;
  add("header without text", all("th, [role=columnheader]").filter((e) => !named(e)));
  add("control without a name", all("a, button").filter((e) => !named(e)));
  add("field without a label", all("input, select").filter((e) => !(e.labels?.length || e.getAttribute("aria-label"))));
  add("picture without a text", all("img:not([alt]), svg[role=img]:not([aria-label])"));
  const scrolls = (e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1;
  const reached = (e) => e.tabIndex >= 0 || e.querySelector("a[href], button, input, select, summary, [tabindex='0']");
  add("scrolls, but no key reaches it", all("*").filter((e) => scrolls(e) && !reached(e)));
  const cut = (e) => getComputedStyle(e).textOverflow === "ellipsis" && e.scrollWidth > e.clientWidth + 1;
  add("cut without a title", all("*").filter((e) => cut(e) && !e.closest("[title], .entry")));
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (text) => { pen.clearRect(0, 0, 1, 1); pen.fillStyle = text; pen.fillRect(0, 0, 1, 1); return [...pen.getImageData(0, 0, 1, 1).data]; };
  const over = (top, alpha, below) => below.map((value, i) => top[i] * alpha + value * (1 - alpha));
  const light = (color) => { const [r, g, b] = color.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { if (!e) return [255, 255, 255]; const [r, g, b, a] = rgba(getComputedStyle(e).backgroundColor); return a === 255 ? [r, g, b] : over([r, g, b], a / 255, ground(e.parentElement)); };
  const opacity = (e) => (e ? +getComputedStyle(e).opacity * opacity(e.parentElement) : 1);
  const pale = (e) => {
    const style = getComputedStyle(e), below = ground(e), [r, g, b, a] = rgba(style.color);
    const ink = over([r, g, b], (a / 255) * opacity(e), below), [low, high] = [light(ink), light(below)].sort((x, y) => x - y);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && +style.fontWeight >= 700);
    return (high + 0.05) / (low + 0.05) < (large ? 3 : 4.5) - 0.01;
  };
  const says = (e) => [...e.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
  add("pale text", all("*").filter((e) => !(e instanceof SVGElement) && says(e) && opacity(e) > 0 && pale(e)));
  if (document.documentElement.scrollWidth > innerWidth) found.push("the page is wider than the window");
  return [...new Set(found)];
}
