// A file straight to an S3-compatible store: we are asked to sign its parts, three are on their way at once, and we put them together in the end.
// What has arrived is what the store says, so a reload goes on where it was. A store that does not let browsers in (CORS, or not reachable from
// here) is noticed at the first part: nothing is lost, and the file goes through us.

const AT_ONCE = 3;
const SIGNED_AT_ONCE = 20;
const TRIES = 5;

/** The browser cannot talk to the store. */
export class Unreachable extends Error {}

export class Direct {
  /** What upload.js lends: how to ask us, what a refusal is, how to tell progress, and how to remember over a reload. */
  constructor({ url, buckets, ask, refusal, measured, remembered, remember }) {
    this.url = url;
    this.buckets = new Set(buckets);
    this.lent = { ask, refusal, measured, remembered, remember };
  }

  /** Whether this file goes straight to the store. One that was begun through us goes on through us. */
  takes(entry) {
    if (!this.buckets.has(entry.bucket) || entry.url || entry.file.size === 0) return false;
    const known = this.lent.remembered(entry);
    return !known || known.startsWith(this.url);
  }

  /** Send what is missing and let it appear. Answers the upload as we tell it. Throws Unreachable, or what upload.js understands. */
  async send(entry) {
    const upload = await this.standing(entry);
    if (upload.state === "done") return this.over(entry, upload);
    const arrived = new Set(upload.arrived);
    const size = (number) => Math.min(upload.part_size, upload.length - (number - 1) * upload.part_size);
    const missing = [];
    let here = 0;
    for (let number = 1; number <= upload.parts; number += 1) {
      if (arrived.has(number)) here += size(number);
      else missing.push(number);
    }
    const flying = new Map(); // part → bytes that have left
    const tell = () => this.lent.measured(entry, here + [...flying.values()].reduce((sum, loaded) => sum + loaded, 0));
    entry.sending = new Set();
    let signed = new Map();
    let signing = null;

    const sign = async () => {
      const numbers = missing.slice(0, SIGNED_AT_ONCE);
      const answer = await this.json(entry, "POST", `${this.path(entry)}/parts`, { numbers });
      for (const item of answer.items) signed.set(item.number, item);
    };
    const lane = async () => {
      while (missing.length && !entry.paused) {
        if (!signed.has(missing[0])) {
          signing ??= sign().finally(() => {
            signing = null;
          });
          await signing;
          continue;
        }
        const number = missing.shift();
        const item = signed.get(number);
        for (let tried = 0; ; tried += 1) {
          const status = await this.put(entry, item, (loaded) => {
            flying.set(number, loaded);
            tell();
          });
          flying.delete(number);
          if (entry.paused) throw new Error("paused");
          if (status >= 200 && status < 300) break;
          if (status === 0 && here === 0) throw await this.locked(entry);
          if (tried >= TRIES) throw new Error(String(status));
          if (status === 403) {
            signed = new Map(); // the address has expired
            const again = await this.json(entry, "POST", `${this.path(entry)}/parts`, { numbers: [number] });
            Object.assign(item, again.items[0]);
          }
          await new Promise((wake) => setTimeout(wake, 500 * 2 ** tried));
        }
        here += item.size;
        tell();
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, missing.length) }, lane));
    } finally {
      for (const request of entry.sending) request.abort();
    }
    if (entry.paused) throw new Error("paused");
    return this.over(entry, await this.json(entry, "POST", `${this.path(entry)}/complete`));
  }

  /** The upload of this file that was begun before, else a new one. */
  async standing(entry) {
    entry.direct ??= this.lent.remembered(entry)?.slice(this.url.length + 1);
    if (entry.direct) {
      const answer = await this.lent.ask("GET", this.path(entry), { "Content-Type": "application/json" }, null, entry);
      if (answer.status === 200) return JSON.parse(answer.responseText);
      if (answer.status !== 404) throw this.lent.refusal(answer);
    }
    const key = entry.folder ? `${entry.folder}/${entry.file.name}` : entry.file.name;
    const tags = entry.tags.split(/[,，、]/).map((tag) => tag.trim()).filter(Boolean);
    const said = { bucket: entry.bucket, key, length: entry.file.size, if_exists: entry.ifExists, title: entry.title, tags };
    const made = await this.json(entry, "POST", this.url, said);
    entry.direct = made.id;
    this.lent.remember(entry, this.path(entry));
    return made;
  }

  /** The store does not let this browser in: give up there, for all files of this bucket. */
  async locked(entry) {
    this.buckets.delete(entry.bucket);
    await this.forget(entry);
    return new Unreachable();
  }

  over(entry, upload) {
    entry.direct = null;
    this.lent.remember(entry, null);
    return upload;
  }

  stop(entry) {
    for (const request of entry.sending ?? []) request.abort();
  }

  async forget(entry) {
    if (!entry.direct) return;
    const path = this.path(entry);
    entry.direct = null;
    this.lent.remember(entry, null);
    await this.lent.ask("DELETE", path, { "Content-Type": "application/json" }, null, entry).catch(() => {}); // what nobody withdraws expires
  }

  path(entry) {
    return `${this.url}/${entry.direct}`;
  }

  async json(entry, method, url, body = null) {
    const answer = await this.lent.ask(method, url, { "Content-Type": "application/json" }, body && JSON.stringify(body), entry);
    if (answer.status !== 200 && answer.status !== 201) throw this.lent.refusal(answer);
    return JSON.parse(answer.responseText);
  }

  /** One part to the store, with nothing of ours in it. Answers the status; 0: no answer that we may see. */
  put(entry, item, progress) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      entry.sending.add(request);
      request.open("PUT", item.url);
      request.upload.addEventListener("progress", (event) => progress(event.loaded));
      request.addEventListener("loadend", () => {
        entry.sending.delete(request);
        resolve(request.status);
      });
      request.send(entry.file.slice(item.offset, item.offset + item.size));
    });
  }
}
