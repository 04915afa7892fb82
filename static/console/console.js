// Behaviour of every page, delegated from the document: nothing is bound to an element, so swaps cannot lose it.
// Marks in the HTML: data-copy, data-toast, data-dialog, data-menu, data-nav-toggle, data-check-all, data-ime, data-autosubmit, data-warn-unsaved, data-show-when.

const root = document.documentElement;
const words = document.getElementById("words")?.dataset ?? {};
root.classList.add("has-js");

// --- telling people -------------------------------------------------------------------------------------------------
/** Say something politely (or, for errors, at once) to screen readers. */
export function announce(text, assertive = false) {
  const region = document.getElementById(assertive ? "alert" : "announce");
  if (!region) return;
  region.textContent = "";
  setTimeout(() => { region.textContent = text; }, 60);
}

/** Show a message in the corner: at most three at a time; errors stay until closed. */
export function toast(text, tone = "info") {
  const stack = document.getElementById("toasts");
  if (!stack) return;
  const box = document.createElement("div");
  box.className = `c-toast c-toast--${tone}`;
  box.dataset.toast = "";
  const line = document.createElement("p");
  line.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "c-button c-button--quiet";
  close.dataset.toastClose = "";
  close.setAttribute("aria-label", words.close || "Close");
  close.textContent = "×";
  box.append(line, close);
  stack.append(box);
  while (stack.children.length > 3) stack.firstElementChild.remove();
  announce(text, tone === "error");
  retire(box);
}

function retire(box) {
  box.querySelector("[data-toast-close]")?.removeAttribute("hidden");
  if (box.classList.contains("c-toast--error")) return;
  const wait = () => setTimeout(() => (box.matches(":hover, :focus-within") ? wait() : box.remove()), 8000);
  wait();
}

document.addEventListener("reelmill:toast", (event) => toast(event.detail.text, event.detail.tone));
document.addEventListener("reelmill:announce", (event) => announce(event.detail.text, event.detail.assertive));

// --- fresh content: what is needed once for each new piece of page ------------------------------------------------------
function fresh(scope) {
  for (const button of scope.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
  for (const box of scope.querySelectorAll("[data-show-when]")) showWhen(box);
  for (const tab of scope.querySelectorAll(".c-tabs [aria-current]")) centre(tab);
  syncBulk();
}

/** Where a row of tabs is wider than the window: the chosen one is seen, with what lies beside it. */
function centre(tab) {
  const strip = tab.closest(".c-tabs");
  const [own, whole] = [tab.getBoundingClientRect(), strip.getBoundingClientRect()];
  if (strip.scrollWidth > strip.clientWidth) strip.scrollLeft += own.left - whole.left - (whole.width - own.width) / 2;
}

// --- copying --------------------------------------------------------------------------------------------------------
async function copy(button) {
  const text = button.dataset.copy || document.querySelector(button.dataset.copyFrom || "#nothing")?.textContent || (button.dataset.copyUrl !== undefined ? location.href : "");
  try {
    await navigator.clipboard.writeText(text);
    toast(words.copied || "Copied", "success");
  } catch {
    const area = document.createElement("textarea"); // plain http on another host has no clipboard object
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    button.focus();
    toast(done ? words.copied : words.copyFailed, done ? "success" : "error");
  }
}

// --- the dialog: filled by htmx with the page of the link's own address ---------------------------------------------------
let opener = null;
const dialog = () => document.getElementById("dialog");

function closeDialog() {
  const box = dialog();
  if (box?.open) box.close();
}

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "dialog-body") {
    const box = dialog();
    if (!box.open) box.showModal();
    const first = box.querySelector("[autofocus], [data-error-summary], input:not([type=hidden]), select, textarea, .c-form__foot button, .c-form__foot a");
    first?.focus();
  }
  fresh(event.detail.target ?? document);
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.target?.id === "dialog-body") opener = event.detail.elt.closest("[data-menu]")?.querySelector("summary") ?? event.detail.elt;
});
document.getElementById("dialog")?.addEventListener("close", () => {
  document.getElementById("dialog-body").replaceChildren();
  if (opener?.isConnected) opener.focus();
  opener = null;
});

// --- requests of htmx: no empty parameters, failures are said ---------------------------------------------------------
document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") return;
  const { parameters } = event.detail;
  for (const name of Object.keys(parameters)) {
    const value = parameters[name];
    if (value === "" || value === null || (Array.isArray(value) && value.every((v) => v === ""))) delete parameters[name];
  }
});
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status !== 401) toast(`${words.requestFailed} (${event.detail.xhr.status})`, "error");
});
document.addEventListener("htmx:sendError", () => toast(words.requestFailed, "error"));

// --- input methods: while pinyin is being composed nothing is sent, and Enter does not submit --------------------------------
let composing = false;
let sent = "";
document.addEventListener("compositionstart", () => { composing = true; });
document.addEventListener("compositionend", (event) => { composing = false; typed(event.target); });
document.addEventListener("input", (event) => {
  const box = event.target.closest?.("[data-show-source]");
  if (box) for (const shown of document.querySelectorAll("[data-show-when]")) showWhen(shown);
  if (!composing && !event.isComposing) typed(event.target);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.isComposing || composing || event.keyCode === 229)) event.preventDefault();
}, true);

function typed(field) {
  if (!(field instanceof HTMLElement) || !field.matches("[data-ime]")) return;
  const now = `${field.name}=${field.value}`;
  if (now === sent) return;
  sent = now;
  field.dispatchEvent(new CustomEvent("typed", { bubbles: true }));
}

// --- clicks ---------------------------------------------------------------------------------------------------------
document.addEventListener("click", (event) => {
  const hit = (selector) => event.target.closest(selector);
  let found;
  if ((found = hit("[data-copy], [data-copy-from], [data-copy-url]"))) {
    event.preventDefault();
    copy(found);
  } else if ((found = hit("[data-toast-close]"))) {
    found.closest("[data-toast]").remove();
  } else if (hit("[data-dialog-close]") && dialog()?.open) {
    event.preventDefault();
    closeDialog();
  } else if ((found = hit("[data-nav-toggle]"))) {
    const open = document.getElementById("nav").classList.toggle("is-open");
    found.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector("#nav a").focus();
  } else if ((found = hit("[data-menu] > summary"))) {
    const menu = found.parentElement;
    if (!menu.open) requestAnimationFrame(() => placeMenu(menu));
  } else if ((found = hit("[data-rewind]"))) {
    history.back();
  }
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target) || hit(".c-menu__items a")) menu.open = false;
  }
  if (!hit("#nav") && !hit("[data-nav-toggle]")) closeNav();
  if (event.target === dialog()) closeDialog();
});

function closeNav() {
  document.getElementById("nav")?.classList.remove("is-open");
  document.querySelector("[data-nav-toggle]")?.setAttribute("aria-expanded", "false");
}

/** Menus in tables are fixed, so that the table's scroll region does not clip them. */
function placeMenu(menu) {
  const items = menu.querySelector(".c-menu__items");
  if (!items || !menu.closest(".c-table")) return;
  const at = menu.getBoundingClientRect();
  const below = innerHeight - at.bottom;
  const top = below < items.offsetHeight + 8 && at.top > items.offsetHeight ? at.top - items.offsetHeight - 4 : at.bottom + 4;
  items.style.top = `${Math.max(4, top)}px`; // set through the object model: not an inline style attribute, the policy allows it
  items.style.left = "auto";
  items.style.right = `${Math.max(8, document.documentElement.clientWidth - at.right)}px`;
}
document.addEventListener("scroll", (event) => {
  for (const menu of document.querySelectorAll(".c-table [data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  closeNav();
});

// --- rows that are ticked, and the bar that acts on them ------------------------------------------------------------------
function syncBulk() {
  for (const bar of document.querySelectorAll("[data-bulk]")) {
    const boxes = [...document.querySelectorAll("[data-check]")];
    const ticked = boxes.filter((box) => box.checked).length;
    bar.hidden = ticked === 0;
    const text = bar.querySelector("[data-bulk-count]");
    if (text) text.textContent = `${ticked} ${words.selected}`;
    const all = document.querySelector("[data-check-all]");
    if (all) {
      all.checked = ticked > 0 && ticked === boxes.length;
      all.indeterminate = ticked > 0 && ticked < boxes.length;
    }
  }
}
let lastTicked = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest?.("[data-check]");
  if (!box) return;
  if (event.shiftKey && lastTicked?.isConnected) {
    const boxes = [...document.querySelectorAll("[data-check]")];
    const [from, to] = [boxes.indexOf(lastTicked), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const other of boxes.slice(from, to + 1)) other.checked = box.checked;
  }
  lastTicked = box;
  syncBulk();
});
document.addEventListener("change", (event) => {
  const field = event.target;
  if (field.matches("[data-check-all]")) {
    for (const box of document.querySelectorAll("[data-check]")) box.checked = field.checked;
    syncBulk();
  } else if (field.matches("[data-autosubmit]")) {
    field.form.requestSubmit();
  }
  for (const box of document.querySelectorAll("[data-show-when]")) showWhen(box);
});

/** ``data-show-when="field=value|value"``: shown while the form's field has one of the values; what is hidden is not submitted. */
function showWhen(box) {
  const [name, values] = box.dataset.showWhen.split("=");
  const form = box.closest("form");
  if (!form) return;
  const now = new FormData(form).getAll(name);
  const field = form.querySelector(`[name="${CSS.escape(name)}"]`);
  const current = now.length || !field || field.disabled ? now : [field.type === "checkbox" ? "" : field.value];
  const show = values.split("|").some((value) => current.includes(value));
  box.hidden = !show;
  for (const inner of box.querySelectorAll("input, select, textarea")) inner.disabled = !show;
}

// --- forms: sent once, warned when left with changes -----------------------------------------------------------------------
let changed = false;
document.addEventListener("input", (event) => { if (event.target.closest?.("[data-warn-unsaved]")) changed = true; });
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  changed = false;
  if (form.method === "get") {
    const empty = [...form.elements].filter((field) => field.name && !field.disabled && field.value === "");
    for (const field of empty) field.disabled = true;
    setTimeout(() => { for (const field of empty) field.disabled = false; });
    return;
  }
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.hasAttribute("hx-post") || event.submitter?.formTarget) return; // the answer goes elsewhere: this page stays
  form.dataset.sent = "1";
  setTimeout(() => { for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) button.disabled = true; });
});
addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});

// --- times: relative texts go on by the server's clock ------------------------------------------------------------------------
const serverNow = Number(root.dataset.now || Date.now());
const loaded = performance.now();
const relative = new Intl.RelativeTimeFormat(root.lang || "en", { numeric: "auto", style: "short" });
setInterval(() => {
  if (document.hidden) return;
  const now = serverNow + performance.now() - loaded;
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.parse(element.dateTime) - now) / 1000;
    const size = Math.abs(seconds);
    if (size < 90 || size > 30 * 86400) continue;
    const [unit, length] = size < 3600 ? ["minute", 60] : size < 86400 ? ["hour", 3600] : ["day", 86400];
    const text = relative.format(Math.round(seconds / length), unit);
    if (element.textContent !== text) element.textContent = text;
  }
}, 30000);

// --- start -----------------------------------------------------------------------------------------------------------
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes(`timezone=${zone}`)) document.cookie = `timezone=${zone}; path=/; max-age=31536000; samesite=lax`;
for (const box of document.querySelectorAll("[data-toast]")) retire(box);
document.querySelector("main [data-error-summary]")?.focus();
fresh(document);
