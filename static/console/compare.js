// The comparing page: the split, the flicker, keys, and seeking in the chart. Without this file the pictures stand side by side and every step is a link.

const box = document.querySelector(".p-compare");
const mode = box?.dataset.mode;

if (box && mode !== "side") {
  box.classList.add("is-over", `is-${mode}`);
}

// --- split: a slider for the keyboard, and the picture itself for the pointer ------------------------------------------------
const stage = box?.querySelector(".p-compare__stage");
const cut = box?.querySelector("[data-cut]");

function split() {
  stage.style.setProperty("--cut", `${cut.value}%`);
}

if (cut) {
  cut.addEventListener("input", split);
  const drag = (event) => {
    const at = stage.getBoundingClientRect();
    cut.value = Math.max(0, Math.min(100, (100 * (event.clientX - at.left)) / at.width));
    split();
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    drag(event);
  });
  stage.addEventListener("pointermove", (event) => { if (stage.hasPointerCapture(event.pointerId)) drag(event); });
  stage.addEventListener("click", (event) => { if (event.target.closest("img, a")) event.preventDefault(); });
  split();
}

// --- flicker ------------------------------------------------------------------------------------------------------------
const flip = box?.querySelector("[data-flip]");

function show(b) {
  box.classList.toggle("is-b", b);
  flip.setAttribute("aria-pressed", String(b));
}

flip?.addEventListener("click", (event) => { if (event.detail) show(!box.classList.contains("is-b")); });

// --- keys ---------------------------------------------------------------------------------------------------------------
const typing = (event) => event.target.closest?.("input:not([type=range]), textarea, select") || event.ctrlKey || event.metaKey || event.altKey;

document.addEventListener("keydown", (event) => {
  if (!box || typing(event)) return;
  const step = { ",": 0, ".": 1 }[event.key];
  if (step !== undefined) {
    box.querySelector(`[data-step="${step}"]`)?.click();
  } else if (event.key === " " && flip && (event.target === flip || event.target === document.body)) {
    event.preventDefault();
    show(true);
  }
});
document.addEventListener("keyup", (event) => {
  if (event.key !== " " || !flip || typing(event)) return;
  if (event.target === flip) event.preventDefault();
  show(false);
});

// --- charts: one cursor for all, and a click that seeks both sides -----------------------------------------------------------
const charts = [...document.querySelectorAll("[data-chart]")];
const reading = document.querySelector("[data-reading]");

function shareOf(chart, event) {
  const at = chart.getBoundingClientRect();
  return Math.max(0, Math.min(1, (event.clientX - at.left) / at.width));
}

function hover(share) {
  for (const chart of charts) {
    const line = chart.querySelector(".p-compare__hover");
    line.toggleAttribute("hidden", share === null);
    if (share !== null) for (const end of ["x1", "x2"]) line.setAttribute(end, `${100 * share}%`);
  }
  if (reading) reading.textContent = share === null ? "" : `${(share * charts[0].dataset.length).toFixed(2)} s`;
}

for (const chart of charts) {
  chart.addEventListener("pointermove", (event) => hover(shareOf(chart, event)));
  chart.addEventListener("pointerleave", () => hover(null));
  chart.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    const target = new URL(location.href);
    target.searchParams.set("t", (shareOf(chart, event) * chart.dataset.length).toFixed(3));
    target.hash = "pictures";
    location.assign(target);
  });
}

for (const image of box?.querySelectorAll("img") ?? []) {
  const failed = () => { box.querySelector("[data-failed]").hidden = false; };
  if (image.complete && !image.naturalWidth) failed();
  image.addEventListener("error", failed);
}
