/* Embedded data: gzip in base64, decoded when it is needed and never before. */
async function unpack(element) {
  const text = atob(element.textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

class Items {
  constructor(index, chunks) {
    this.index = index;
    this.size = index.kind.length;
    this.chunks = chunks;
    this.decoded = new Map();
    this.lowered = new Map();
  }

  async chunk(number) {
    if (!this.decoded.has(number)) this.decoded.set(number, unpack(this.chunks[number]));
    return this.decoded.get(number);
  }

  async record(item) {
    const records = await this.chunk(Math.floor(item / this.index.chunk));
    return records[item % this.index.chunk];
  }

  /* Everything of an item that a search looks at, in lower case; one list per chunk. */
  async haystacks(number) {
    if (!this.lowered.has(number)) {
      const first = number * this.index.chunk;
      const texts = (await this.chunk(number)).map((record, i) => {
        const sides = [record.before, record.after].flatMap((s) => [s.text, s.extracted, s.reason, s.outcome]);
        return [this.index.id[first + i], record.prompt, record.reference, ...sides].join("\n").toLowerCase();
      });
      this.lowered.set(number, texts);
    }
    return this.lowered.get(number);
  }
}

/* Let the page breathe between slices of work. */
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0));
