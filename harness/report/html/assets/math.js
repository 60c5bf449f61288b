/* Formulas of a text, typeset below it when asked for: the text itself stays as the model wrote it. Temml makes MathML,
   follows no link, runs no command that could, and ends with a budget; what it cannot read stays text. */
const FORMULA = /\$\$([^]{1,1000}?)\$\$|\\\[([^]{1,1000}?)\\\]|\\\(([^]{1,1000}?)\\\)|\$(?![\s\d$][^$\n]*\s\$)(?!\s)([^$\n]{1,500}?)(?<!\s)\$(?!\d)|(\\boxed\{(?:[^{}$\n]|\{[^{}$\n]*\}){1,300}\})/g;
const MATH_CHARACTERS = 20000, MATH_FORMULAS = 300, MATH_MILLISECONDS = 400;
const MATH_SETTINGS = { trust: false, strict: false, throwOnError: true, maxExpand: 300, maxSize: [20, 40] };
const MATH_NAMESPACE = "http://www.w3.org/1998/Math/MathML";

const hasFormulas = (text) => typeof temml !== "undefined" && text.slice(0, MATH_CHARACTERS).search(FORMULA) >= 0;

/* A folded part with the typeset text; null where there is no formula. */
function typeset(text) {
  if (!hasFormulas(text)) return null;
  const body = node("div", { class: "math", dir: "auto" });
  const part = node("details", { class: "typeset" }, node("summary", {}, "Formulas typeset"), body);
  part.addEventListener("toggle", () => { if (part.open && !body.childNodes.length) fillTypeset(body, text.slice(0, MATH_CHARACTERS)); });
  return part;
}

function fillTypeset(body, text) {
  const until = performance.now() + MATH_MILLISECONDS;
  let last = 0, formulas = 0;
  for (const found of text.matchAll(FORMULA)) {
    if (++formulas > MATH_FORMULAS || performance.now() > until) break;
    const formula = typesetOne(found[1] ?? found[2] ?? found[3] ?? found[4] ?? found[5], found[1] !== undefined || found[2] !== undefined);
    if (!formula) continue;
    appendText(body, text.slice(last, found.index));
    body.append(formula);
    last = found.index + found[0].length;
  }
  appendText(body, text.slice(last));
}

/* One formula as MathML; null where Temml does not read it, or where anything but MathML came of it. */
function typesetOne(source, displayed) {
  const holder = node("span");
  try {
    temml.render(source.replace(DECEIVING, ""), holder, { ...MATH_SETTINGS, displayMode: displayed });
  } catch {
    return null;
  }
  for (const part of holder.querySelectorAll("*")) {
    const names = part.getAttributeNames();
    if (part.namespaceURI !== MATH_NAMESPACE || names.some((name) => /^on|href|src|^id$/i.test(name))) return null;
  }
  return holder.querySelector("math") ? holder : null;
}
