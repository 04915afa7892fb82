// Forms with all parameters (templates, and what a job changes in them): only what makes sense for the chosen kind, container and codecs is shown;
// what is hidden is not sent. Without this script everything is visible, and the server tells what cannot be combined.
// data-allowed on the form: {codecs: {container: {video: [codecs], audio: [codecs]}}, the usual codec first; choices: {field: [the field that it hangs on,
// {its value: [what can be chosen then]}]}, ranges: {number: [the field that it hangs on, {its value: {most, usual, advised}}]}}.
// data-scope on a part with fields of its own; data-base there: {name: value} of the template that the fields are laid over.
// data-when="name=value,value;name=…": all must hold («» stands for an empty or unticked field); name!=value,value: none of these.

const form = document.querySelector("[data-editor]");
const { codecs: allowed = {}, choices: narrowed = {}, ranges = {} } = form ? JSON.parse(form.dataset.allowed || "{}") : {};
const STREAMS = ["video", "audio"];
const EVERYTHING = null;

/** The prefix of a scope's names: «outputs-0-» or nothing. */
const prefixOf = (scope) => scope.dataset.prefix ?? "";
const baseOf = (scope) => (scope.base ??= JSON.parse(scope.dataset.base || "{}"));

function raw(name) {
  const field = form.elements.namedItem(name);
  if (!field) return "";
  if (field instanceof RadioNodeList) return field.value;
  if (field.type === "checkbox") return field.checked ? "on" : "";
  return { yes: "on", no: "" }[field.value] ?? field.value;
}

/** What a container can hold; null where the page does not know it. */
const codecs = (scope) => allowed[raw(`${prefixOf(scope)}container.format`) || baseOf(scope)[`${prefixOf(scope)}container.format`]] ?? EVERYTHING;

/** What a field says: its own value, else the template's; a codec that nobody says is the container's usual one. */
function said(scope, name) {
  const value = raw(name) || (raw(`${name}--unsay`) ? "" : baseOf(scope)[name] ?? "");
  if (value || !name.endsWith("video.codec") && !name.endsWith("audio.codec")) return value;
  return codecs(scope)?.[name.endsWith("video.codec") ? "video" : "audio"][0] ?? "";
}

/** A rule about a stream that the container cannot hold never holds, even where its codec says nothing. */
function holds(scope, rule) {
  const can = codecs(scope);
  const prefix = prefixOf(scope);
  return rule.split(";").every((part) => {
    const [, name, not, values] = part.match(/^([^=!]*)(!?)=(.*)$/s);
    if (can && STREAMS.some((stream) => name.startsWith(`${prefix}${stream}.`) && !can[stream].length)) return not !== "";
    const value = said(scope, name);
    if (name === `${prefix}kind` && !value) return true; // an output without a template: of any kind
    return values.split(",").includes(value) === (not === "");
  });
}

/** Offer only some of a select's options; nothing said is always possible. */
function narrow(select, possible) {
  for (const option of select.options) {
    const no = option.value !== "" && !possible(option.value);
    option.hidden = option.disabled = no;
    if (no && option.selected) select.value = "";
  }
}

/** What can be chosen in a field that hangs on another one; null: everything; undefined: it hangs on none. A rung's or a track's own codec counts before
the output's. */
function possible(scope, name, table = narrowed) {
  const prefix = prefixOf(scope);
  const [, row, plain] = name.slice(prefix.length).match(/^((?:ladder\.\d+\.|audios\.\d+\.)?)(.*)$/s);
  const field = row.startsWith("audios.") ? `audio.${plain}` : plain;
  const [by, values] = table[field] ?? [];
  if (!by) return undefined;
  const own = row && raw(`${prefix}${row}${row.startsWith("audios.") ? by.replace("audio.", "") : by}`);
  return values[own || said(scope, `${prefix}${by}`)] ?? EVERYTHING;
}

/** Codecs that the container cannot hold are no choice; containers that the kind does not mean neither; nor what the codec or container does not have. */
function choices(scope) {
  const can = codecs(scope);
  const prefix = prefixOf(scope);
  for (const select of scope.querySelectorAll("select")) {
    const list = possible(scope, select.name);
    const lenient = select.name.endsWith("pixel_format") ? select.value : ""; // what a codec does not have is no mistake there: the source's is taken
    if (list !== undefined) narrow(select, (value) => list === EVERYTHING || list.includes(value) || value === lenient);
  }
  for (const select of scope.querySelectorAll("select[name$='.codec']")) {
    const stream = /(^|[.-])audios?\.|\.audio\./.test(select.name.slice(prefix.length)) ? "audio" : "video";
    narrow(select, (value) => can === EVERYTHING || can[stream].includes(value));
  }
  const kind = raw(`${prefix}kind`);
  const container = form.elements.namedItem(`${prefix}container.format`);
  if (!kind || !container) return;
  const fits = { video: (row) => row.video.length && !row.video.includes("gif") && !row.video.includes("webp"), audio: (row) => row.audio.length, remux: (row) => !row.video.includes("gif") && !row.video.includes("webp"), image: (row) => row.video.includes("gif") || row.video.includes("webp") }[kind];
  let first = "";
  for (const option of container.options) {
    const row = allowed[option.value];
    const no = option.value !== "" && row !== undefined && !fits(row);
    option.hidden = option.disabled = no;
    if (!no && option.value && !first) first = option.value;
    if (no && option.selected) container.value = "";
  }
  if (!container.value) container.value = first;
}

/** How far a number goes, and what is usual, follows its codec; the slider beside it reads it from there (controls.js). */
function limits(scope) {
  for (const number of scope.querySelectorAll("input[type=number]")) {
    const range = possible(scope, number.name, ranges);
    if (range === undefined) continue;
    number.widest ??= number.max;
    number.max = range?.most ?? number.widest;
    number.dataset.usual = range?.usual ?? "";
    number.dataset.advised = range?.advised?.join(" ") ?? "";
  }
}

function show(box, yes) {
  box.hidden = !yes;
  for (const field of box.querySelectorAll("input, select, textarea")) field.disabled = !yes;
}

function sync() {
  for (const scope of form.querySelectorAll("[data-scope]")) {
    choices(scope);
    choices(scope); // the container may have changed by its own rule
    limits(scope);
    for (const box of scope.querySelectorAll("[data-when]")) box.shown = holds(scope, box.dataset.when);
    for (const box of scope.querySelectorAll("[data-when]")) if (!box.parentElement.closest("[data-when]")) walk(box);
    for (const block of scope.querySelectorAll("[data-block]")) block.hidden = !visible(block, ":scope > .p-tree__grid > *");
    for (const part of scope.querySelectorAll("[data-part]")) {
      const note = part.querySelector("[data-empty-part]");
      if (note) note.hidden = visible(part, ":scope > [data-block]");
    }
    for (const field of scope.querySelectorAll(".p-tree__field")) {
      if (field.querySelector(".p-was")) field.classList.toggle("is-changed", [...field.querySelectorAll("input, select, textarea")].some((one) => says(one) && !one.disabled));
    }
  }
  form.dispatchEvent(new CustomEvent("limits", { bubbles: true }));
}

/** Whether a field says something; a box or a radio button only when it is ticked, a slider never: its number does. */
const says = (one) => one.name !== "" && (one.type === "checkbox" ? one.checked : one.value !== "" && (one.type !== "radio" || one.checked));

const visible = (box, selector) => [...box.querySelectorAll(selector)].some((child) => !child.hidden);

/** Outer boxes first: what stands in a hidden box stays hidden. */
function walk(box) {
  show(box, box.shown);
  if (!box.shown) return;
  for (const inner of box.querySelectorAll("[data-when]")) if (inner.parentElement.closest("[data-when]") === box) walk(inner);
}

// --- tabs: one part at a time; the others stay in the form and are sent ---------------------------------------------------
const opened = new Map(); // prefix of the scope → the part that is open

function open(nav, id) {
  const scope = nav.closest("[data-scope]") ?? form;
  opened.set(prefixOf(scope), id);
  for (const link of nav.querySelectorAll("a")) {
    const part = scope.querySelector(`#${CSS.escape(link.hash.slice(1))}`);
    const here = link.hash === `#${id}`;
    part?.classList.toggle("is-away", !here);
    if (here) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function tabs() {
  for (const nav of form.querySelectorAll("[data-parts]")) {
    const before = opened.get(prefixOf(nav.closest("[data-scope]") ?? form));
    const current = nav.querySelector("a[aria-current]") ?? nav.querySelector("a.is-wrong") ?? (before && nav.querySelector(`a[href="#${CSS.escape(before)}"]`)) ?? nav.querySelector("a");
    if (current) open(nav, current.hash.slice(1));
  }
}

/** A link to a field opens the part (and whatever folds) that holds it. */
function reveal(target) {
  const part = target.closest("[data-part]");
  if (part) {
    const nav = (part.closest("[data-scope]") ?? form).querySelector("[data-parts]");
    if (nav) open(nav, part.id);
  }
  for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
}

if (form) {
  form.addEventListener("change", sync);
  form.addEventListener("input", (event) => { if (event.target.closest(".p-tree__field")) sync(); });
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[data-parts] a");
    if (tab) {
      event.preventDefault();
      open(tab.closest("[data-parts]"), tab.hash.slice(1));
      return;
    }
    const link = event.target.closest("a[href^='#']");
    const target = link && document.getElementById(link.hash.slice(1));
    if (target && form.contains(target)) {
      reveal(target);
      event.preventDefault();
      (target.matches("input, select, textarea") ? target : target.querySelector("input, select, textarea"))?.focus();
    }
  });
  // Twice: when parts are swapped in, so that nothing flashes, and when they settle, because htmx then puts the server's attributes on whatever has an id.
  const ours = (event) => form.contains(event.detail.target) || event.target.closest?.("[data-editor]");
  const again = (event) => {
    if (!ours(event)) return;
    tabs();
    sync();
  };
  document.addEventListener("htmx:afterSwap", again);
  document.addEventListener("htmx:afterSettle", (event) => {
    again(event);
    const button = event.detail.requestConfig?.elt;
    const rows = document.getElementById(event.detail.target.id); // the new one: the old one is gone
    if (!rows) return;
    if (button?.name === "tracks") {
      const track = rows.querySelector("[name$='audios.0.stream'], [name$='audios.0.title']");
      if (!track) return;
      reveal(track);
      track.focus();
    }
    if (button?.name !== "rows") return;
    const added = button.value.startsWith("add:") ? [...rows.querySelectorAll(":scope > .p-tree__row")].at(-1)?.querySelector("input:not([type=hidden]), select, textarea") : null;
    (added ?? rows.querySelector(`[name="rows"][value="${CSS.escape(button.value)}"]`) ?? rows.querySelector(":scope > div > [name=rows]"))?.focus();
  });
  tabs();
  sync();
}
