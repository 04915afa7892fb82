// The keyboard: command palette, «G» then a letter, rows with J and K. Single keys never fire in fields, and a setting switches them off.

const root = document.documentElement;
const on = root.hasAttribute("data-shortcuts");
const GO = { o: "/console/", j: "/console/jobs/", m: "/console/media/", w: "/console/workers/", t: "/console/templates/transcode/", p: "/console/pipelines/", u: "/console/media/upload/" };
let going = 0;

const palette = () => document.getElementById("palette-q");
const inField = (target) => target.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=range]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("#results [data-row-id]")];
const current = () => document.activeElement?.closest?.("[data-row-id]");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  next.querySelector("a")?.focus();
}

function press(selector) {
  const target = document.querySelector(selector);
  if (!target) return false;
  target.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    palette()?.focus();
    palette()?.select();
    return;
  }
  if (event.target === palette() || event.target.closest?.("#palette-results")) {
    choose(event);
    return;
  }
  if (!on || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inField(event.target) || document.getElementById("dialog")?.open) return;
  if (event.target.closest?.("reel-player")) return;
  const key = event.key.toLowerCase();
  if (Date.now() - going < 1200 && GO[key]) {
    event.preventDefault();
    location.assign(GO[key]);
    return;
  }
  going = 0;
  const done = {
    g: () => { going = Date.now(); },
    "/": () => palette()?.focus(),
    f: () => document.querySelector(".c-filters input, .c-filters select")?.focus(),
    c: () => location.assign("/console/jobs/new/transcode/"),
    j: () => move(1),
    k: () => move(-1),
    x: () => {
      const box = current()?.querySelector("[data-check]");
      box?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: event.shiftKey }));
    },
    p: () => document.dispatchEvent(new CustomEvent("reelmill:toggle-live")),
    r: () => press("[data-key=r]"),
    l: () => press("[data-key=l]"),
    "?": () => press("[data-dialog][href$='/keys/']"),
  }[key];
  if (!done) return;
  event.preventDefault();
  done();
});

/** Arrows walk through the palette's answers; Enter without a choice takes the first. */
function choose(event) {
  const links = [...document.querySelectorAll("#palette-results a")];
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    if (next < 0) palette().focus();
    else links[Math.min(next, links.length - 1)]?.focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    document.activeElement.blur();
  }
}
