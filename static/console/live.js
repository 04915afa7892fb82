// Live parts. An element says where its news are and how often to ask: data-poll="/url" data-every="2" (seconds), an id, and nothing else.
// The answer is HTML: each top-level element replaces, by id, the one on the page; rows of tables come inside <template>.
// 204 means no news. An element that comes back without data-poll is not asked for again: that is how polling ends.
// Rules: a hidden tab asks nothing; two minutes without a key or pointer slow all polls to 15 s; failures back off to 30 s and the pill says
// «stale»; an open menu or dialog, a text selection or the focus inside a part puts its swap off; one request at a time for each part.

const root = document.documentElement;
const words = document.getElementById("words")?.dataset ?? {};
const pill = document.getElementById("live-pill");
const parts = new Map(); // id -> {due, failures, busy}
const SLOW = 15000;
const IDLE_AFTER = 120000;
const TOLD = 10000;
let paused = sessionStorage.getItem("live") === "paused";
let staleSince = null;
let lastInput = performance.now();

// --- the pill --------------------------------------------------------------------------------------------------------
function show() {
  if (!pill) return;
  pill.hidden = !document.querySelector("[data-poll], [data-stream]");
  const state = paused ? "paused" : staleSince ? "stale" : "on";
  if (pill.dataset.live !== state) pill.dataset.live = state;
  const text = { paused: pill.dataset.textPaused, stale: `${pill.dataset.textStale} ${staleSince}`, on: idle() ? pill.dataset.textSlow : pill.dataset.textOn }[state];
  const label = pill.querySelector("[data-live-text]");
  if (label.textContent !== text) label.textContent = text;
  pill.setAttribute("aria-label", text);
}

const say = (text) => document.dispatchEvent(new CustomEvent("reelmill:announce", { detail: { text } }));
const idle = () => !root.hasAttribute("data-keep-live") && performance.now() - lastInput > IDLE_AFTER;

function toggle() {
  paused = !paused;
  sessionStorage.setItem("live", paused ? "paused" : "on");
  document.dispatchEvent(new CustomEvent("reelmill:live", { detail: { paused } }));
  say(paused ? words.paused : words.resumed);
  if (!paused) for (const part of parts.values()) part.due = 0;
  show();
}
document.addEventListener("click", (event) => { if (event.target.closest("[data-live-toggle]")) toggle(); });
document.addEventListener("reelmill:toggle-live", toggle);

for (const name of ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(name, () => {
    if (idle()) for (const part of parts.values()) part.due = 0;
    lastInput = performance.now();
  }, { passive: true });
}
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) for (const part of parts.values()) part.due = 0;
});

// --- being told --------------------------------------------------------------------------------------------------------
// data-events="/url": a stream that says when to ask. It is closed in hidden tabs, since a browser has only six connections for a site; while it is
// open, its part asks seldom by itself. Without it everything goes on as before.
let source = null;
let told = false;

function listen() {
  const wanted = paused || document.hidden ? undefined : document.querySelector("[data-events][id]")?.dataset.events;
  if (source?.wanted === wanted) return;
  source?.close();
  source = null;
  setTold(false);
  if (!wanted || !window.EventSource) return;
  source = new EventSource(wanted);
  source.wanted = wanted;
  source.addEventListener("open", () => setTold(true));
  source.addEventListener("error", () => setTold(false)); // it connects again by itself
  for (const kind of ["job", "log", "end"]) source.addEventListener(kind, () => news(kind));
}

function setTold(on) {
  told = on;
  root.toggleAttribute("data-told", on);
}

function news(kind) {
  document.dispatchEvent(new CustomEvent("reelmill:log"));
  if (kind === "log") return;
  for (const element of document.querySelectorAll("[data-events][id]")) {
    const part = parts.get(element.id);
    if (part) part.due = 0;
  }
}

// --- asking ----------------------------------------------------------------------------------------------------------
function tick() {
  show();
  listen();
  if (paused || document.hidden) return;
  const now = performance.now();
  for (const element of document.querySelectorAll("[data-poll][id]")) {
    const every = told && element.dataset.events ? TOLD : Number(element.dataset.every || 5) * 1000;
    const part = parts.get(element.id) ?? { due: now + every, failures: 0, busy: false };
    parts.set(element.id, part);
    if (!part.busy && now >= part.due) ask(element, part, every);
  }
}

async function ask(element, part, every) {
  part.busy = true;
  try {
    const answer = await fetch(address(element), { headers: { "HX-Request": "true", "X-Live": "1", "HX-Current-URL": location.href }, credentials: "same-origin", cache: "no-store" });
    if (answer.status === 401 && answer.headers.get("HX-Redirect")) {
      location.assign(answer.headers.get("HX-Redirect"));
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const text = answer.status === 204 ? "" : await answer.text();
    if (text && !paused) swap(text);
    part.failures = 0;
    if (staleSince) {
      staleSince = null;
      say(words.fresh);
    }
    part.due = performance.now() + (idle() ? Math.max(every, SLOW) : every);
  } catch {
    part.failures += 1;
    part.due = performance.now() + Math.min(30000, every * 2 ** part.failures);
    if (part.failures >= 2 && !staleSince) {
      staleSince = new Date().toLocaleTimeString();
      say(words.stale);
    }
  } finally {
    part.busy = false;
    show();
  }
}

/** The part's address; data-poll-ids names rows whose ids and versions go along. */
function address(element) {
  const url = new URL(element.dataset.poll, location.href);
  if (element.dataset.pollRows !== undefined) {
    const rows = [...element.querySelectorAll("[data-row-id]")].map((row) => `${row.dataset.rowId}.${row.dataset.version}`);
    url.searchParams.set("rows", rows.join(","));
  }
  return url;
}

// --- swapping --------------------------------------------------------------------------------------------------------
/** Put the elements of an answer in the place of their namesakes. */
export function swap(text) {
  const holder = document.createElement("template");
  holder.innerHTML = text;
  for (const template of holder.content.querySelectorAll("template")) template.replaceWith(template.content);
  for (const next of [...holder.content.children]) {
    const now = document.getElementById(next.id);
    if (!now) continue;
    if (deferred(now)) continue; // the next answer brings it again: the row's version has not moved
    const before = now.dataset.announce;
    morph(now, next);
    const after = next.dataset.announce;
    if (after && after !== before) say(after);
    if (next.dataset.title) document.title = next.dataset.title;
  }
  document.dispatchEvent(new CustomEvent("reelmill:swapped"));
}

function deferred(element) {
  if (element.querySelector("[data-menu][open], dialog[open]")) return true;
  const selection = getSelection();
  return selection && !selection.isCollapsed && selection.rangeCount > 0 && element.contains(selection.getRangeAt(0).commonAncestorContainer);
}

/** Make «now» look like «next» with the fewest changes, so that focus, selection, scroll and playing media survive. */
export function morph(now, next) {
  if (now.nodeType !== next.nodeType || now.nodeName !== next.nodeName || (now.id && next.id && now.id !== next.id)) {
    now.replaceWith(next);
    return;
  }
  if (now.nodeType !== Node.ELEMENT_NODE) {
    if (now.nodeValue !== next.nodeValue) now.nodeValue = next.nodeValue;
    return;
  }
  if (now.hasAttribute("data-keep") && now.getAttribute("data-keep") === next.getAttribute("data-keep")) return;
  for (const { name } of [...now.attributes]) {
    if (!next.hasAttribute(name) && !(name === "open" && now.nodeName === "DETAILS") && !(name === "hidden" && now.matches("[data-copy]"))) now.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (name === "hidden" && now.matches("[data-copy]")) continue;
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  if (now.nodeName === "INPUT" || now.nodeName === "TEXTAREA" || now.nodeName === "SELECT") return; // what a person typed or ticked stays
  const byId = new Map([...now.children].filter((child) => child.id).map((child) => [child.id, child]));
  let place = now.firstChild;
  for (const child of [...next.childNodes]) {
    const twin = child.id && byId.get(child.id);
    if (twin && twin !== place) now.insertBefore(twin, place);
    const target = twin || (place && !(place.id && byId.has(place.id) && !child.id) ? place : null);
    if (!target) {
      now.insertBefore(child, place);
      continue;
    }
    const after = target.nextSibling;
    if (target.nodeName === child.nodeName && target.nodeType === child.nodeType) morph(target, child);
    else now.replaceChild(child, target);
    place = after;
  }
  while (place) {
    const after = place.nextSibling;
    place.remove();
    place = after;
  }
}

setInterval(tick, 500);
show();
