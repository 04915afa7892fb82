// Small pictures of a video by their time, from a WebVTT index whose cues name parts of sheets (#xywh=x,y,w,h). Used above the player's seek bar and in
// the sprite viewer. Nothing is fetched before it is wanted.

const TIME = /(?:(\d+):)?(\d\d):(\d\d[.,]\d{3})/g;
const BOX = /#xywh=(?:pixel:)?(\d+),(\d+),(\d+),(\d+)\s*$/;
const WIDEST = 192;
const HIGHEST = 160;

/** Cues of an index, in order of their times: {start, end, src, x, y, width, height}. */
export async function cuesOf(url) {
  const answer = await fetch(url, { credentials: "same-origin" });
  if (!answer.ok) return [];
  const base = new URL(url, location.href);
  const found = [];
  for (const block of (await answer.text()).replaceAll("\r\n", "\n").split(/\n{2,}/)) {
    const lines = block.split("\n");
    const at = lines.findIndex((line) => line.includes("-->"));
    const box = at < 0 ? null : BOX.exec(lines[at + 1] ?? "");
    if (!box) continue;
    const [start, end] = [...lines[at].matchAll(TIME)].map(([, h, m, s]) => Number(h ?? 0) * 3600 + Number(m) * 60 + Number(s.replace(",", ".")));
    const [x, y, width, height] = box.slice(1).map(Number);
    found.push({ start, end, src: new URL(lines[at + 1].slice(0, box.index), base).href, x, y, width, height });
  }
  return found.sort((one, other) => one.start - other.start);
}

/** The cue of a time: the last one that begins no later. */
export function cueAt(cues, time) {
  let [low, high] = [0, cues.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cues[middle].start <= time) low = middle + 1;
    else high = middle;
  }
  return cues[Math.max(0, low - 1)];
}

export class Thumbs {
  /** Over `bar`, for a range input; `clock` writes a time. */
  constructor(seek, url, clock) {
    this.seek = seek;
    this.url = url;
    this.clock = clock;
    this.box = document.createElement("div");
    this.box.className = "p-thumb";
    this.box.setAttribute("aria-hidden", "true");
    this.box.hidden = true;
    this.cell = document.createElement("div");
    this.cell.className = "p-thumb__cell";
    this.image = document.createElement("img");
    this.image.alt = "";
    this.label = document.createElement("span");
    this.cell.append(this.image);
    this.box.append(this.cell, this.label);
    seek.parentElement.append(this.box);
    seek.addEventListener("pointerenter", () => this.#load());
    seek.addEventListener("focus", () => this.#load());
    seek.addEventListener("pointermove", (event) => this.#over(event));
    seek.addEventListener("pointerleave", () => this.hide());
    seek.addEventListener("blur", () => this.hide());
    seek.addEventListener("input", () => this.at(Number(seek.value)));
  }

  #load() {
    this.loading ??= cuesOf(this.url).then((cues) => { this.cues = cues; }, () => { this.cues = []; });
    return this.loading;
  }

  #over(event) {
    const { left, width } = this.seek.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    clearTimeout(this.timer);
    this.#show(share * Number(this.seek.max));
  }

  /** Show the picture of a time for a moment: for keys. */
  async at(time) {
    await this.#show(time);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.hide(), 1500);
  }

  async #show(time) {
    this.wanted = time;
    await this.#load();
    if (this.wanted !== time || !this.cues.length) return;
    const cue = cueAt(this.cues, time);
    const scale = Math.min(1, WIDEST / cue.width, HIGHEST / cue.height);
    if (this.image.src !== cue.src) this.image.src = cue.src;
    this.image.style.transform = `scale(${scale}) translate(${-cue.x}px, ${-cue.y}px)`;
    this.cell.style.width = `${cue.width * scale}px`;
    this.cell.style.height = `${cue.height * scale}px`;
    this.box.dataset.start = cue.start;
    this.box.dataset.xywh = [cue.x, cue.y, cue.width, cue.height].join(",");
    this.label.textContent = this.clock(time);
    this.box.hidden = false;
    const room = this.seek.parentElement.getBoundingClientRect();
    const bar = this.seek.getBoundingClientRect();
    const share = Number(this.seek.max) ? time / Number(this.seek.max) : 0;
    const left = bar.left - room.left + share * bar.width - this.box.offsetWidth / 2;
    this.box.style.left = `${Math.round(Math.max(4, Math.min(room.width - this.box.offsetWidth - 4, left)))}px`;
    this.box.style.top = `${Math.round(bar.top - room.top - this.box.offsetHeight - 6)}px`;
  }

  hide() {
    this.wanted = null;
    this.box.hidden = true;
  }
}
