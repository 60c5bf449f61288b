/* Word-level differences of two texts (Myers 1986, greedy), bounded in time and memory. */
const MAX_TOKENS = 6000, MAX_EDITS = 1200, SHARED = 0.2, SMALL = 24;
const tokens = (text) => text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) || [];

/* [left, right]: lists of [text, changed]; null when the texts are too long or too different to mark usefully. */
function difference(before, after) {
  if (before.length + after.length > 200000) return null;
  const a = tokens(before), b = tokens(after);
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const midA = a.slice(head, a.length - tail), midB = b.slice(head, b.length - tail);
  if (midA.length + midB.length > MAX_TOKENS) return null;
  const marks = edits(midA, midB);
  if (!marks) return null;
  const whole = (list, middle, changed) => {
    const flags = new Uint8Array(list.length);
    flags.set(changed, head);
    smooth(list, flags);
    return runs(list, flags);
  };
  const same = midA.reduce((sum, text, i) => sum + (!marks[0][i] && text.trim() ? 1 : 0), head + tail);
  const shorter = Math.min(a.length, b.length);
  if (shorter > SMALL && same < SHARED * shorter) return null;
  return [whole(a, midA, marks[0]), whole(b, midB, marks[1])];
}

function edits(a, b) {
  const limit = Math.min(a.length + b.length, MAX_EDITS), trace = [], offset = limit + 1;
  const furthest = new Int32Array(2 * limit + 3);
  for (let d = 0; d <= limit; d++) {
    trace.push(furthest.slice(offset - d - 1, offset + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && furthest[offset + k - 1] < furthest[offset + k + 1]);
      let x = down ? furthest[offset + k + 1] : furthest[offset + k - 1] + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      furthest[offset + k] = x;
      if (x >= a.length && x - k >= b.length) return backtrack(a, b, trace, d);
    }
  }
  return null;
}

function backtrack(a, b, trace, d) {
  const cut = new Uint8Array(a.length), added = new Uint8Array(b.length);
  let x = a.length, y = b.length;
  for (; d > 0; d--) {
    const row = trace[d], middle = d + 1, k = x - y;
    const down = k === -d || (k !== d && row[middle + k - 1] < row[middle + k + 1]);
    const from = down ? k + 1 : k - 1, x0 = row[middle + from], y0 = x0 - from;
    if (down) added[y0] = 1; else cut[x0] = 1;
    x = x0; y = y0;
  }
  return [cut, added];
}

/* White space between two changed words belongs to the change: one mark instead of many. */
function smooth(list, flags) {
  for (let i = 1; i + 1 < list.length; i++) if (flags[i - 1] && flags[i + 1] && !list[i].trim()) flags[i] = 1;
}

function runs(list, flags) {
  const joined = [];
  list.forEach((text, i) => {
    const last = joined[joined.length - 1];
    if (last && last[1] === flags[i]) last[0] += text; else joined.push([text, flags[i]]);
  });
  return joined;
}
