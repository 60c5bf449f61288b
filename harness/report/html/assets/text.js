/* Model text on screen: only ever text nodes. Characters that could deceive the eye are shown as their names. */
const DECEIVING = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

function node(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") made.className = value ?? "";
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function shape(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 12 12");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", { down: "M1 2h10L6 11z", up: "M1 10h10L6 1z", dot: "M6 2a4 4 0 1 0 .01 0z" }[name]);
  svg.append(path);
  return svg;
}

function controlName(character) {
  const code = character.codePointAt(0);
  if (code < 32) return String.fromCodePoint(0x2400 + code);
  return "U+" + code.toString(16).toUpperCase().padStart(4, "0");
}

/* Append text to an element; deceiving characters become small labelled spans. */
function appendText(element, text) {
  let last = 0;
  for (const found of text.matchAll(DECEIVING)) {
    if (found.index > last) element.append(text.slice(last, found.index));
    element.append(node("span", { class: "ctl" }, controlName(found[0])));
    last = found.index + 1;
  }
  if (last < text.length) element.append(text.slice(last));
}

const plainLine = (text) => text.replace(DECEIVING, (c) => (c === "\u2028" || c === "\u2029" ? " " : "\ufffd")).replace(/\s+/g, " ");
const count = (number) => number.toLocaleString("en-US");
