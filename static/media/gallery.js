// Galleries of pictures: a larger view with next and previous (without this file a picture opens by itself), and sheets of sprites that tell which time lies
// under the pointer, from the WebVTT index beside them.

const SVG = "http://www.w3.org/2000/svg";

// --- larger view ------------------------------------------------------------------------------------------------------
let dialog;

function build(words) {
  const made = document.createElement("dialog");
  made.className = "p-lightbox";
  const image = document.createElement("img");
  const caption = document.createElement("p");
  const bar = document.createElement("div");
  bar.className = "l-row";
  const buttons = [[words.wordBack, -1], [words.wordNext, 1], [words.wordClose, 0]].map(([text, step]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "c-button";
    button.textContent = text;
    button.addEventListener("click", () => (step ? move(step) : made.close()));
    return button;
  });
  bar.append(...buttons);
  made.append(image, caption, bar);
  made.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) move(step);
  });
  made.addEventListener("click", (event) => { if (event.target === made) made.close(); });
  made.addEventListener("close", () => made.links[made.at]?.focus());
  document.body.append(made);
  return Object.assign(made, { image, caption });
}

function show() {
  const link = dialog.links[dialog.at];
  const small = link.querySelector("img");
  dialog.image.src = link.href;
  dialog.image.alt = small.alt;
  dialog.caption.textContent = `${dialog.at + 1} / ${dialog.links.length} · ${small.alt}`;
}

function move(step) {
  dialog.at = (dialog.at + step + dialog.links.length) % dialog.links.length;
  show();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-gallery] .p-snapshots__picture");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const gallery = link.closest("[data-gallery]");
  if (!dialog?.isConnected) dialog = build(gallery.dataset);
  dialog.links = [...gallery.querySelectorAll(".p-snapshots__picture")];
  dialog.at = dialog.links.indexOf(link);
  show();
  dialog.showModal();
});

// --- sheets -----------------------------------------------------------------------------------------------------------
const known = new WeakMap();

function cues(sprite) {
  if (!known.has(sprite)) known.set(sprite, sprite.dataset.index ? import(sprite.dataset.thumbsModule).then(({ cuesOf }) => cuesOf(sprite.dataset.index)).catch(() => []) : Promise.resolve([]));
  return known.get(sprite);
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const rest = String(Math.round((seconds - whole) * 1000)).padStart(3, "0");
  return `${[Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60].map((part) => String(part).padStart(2, "0")).join(":")}.${rest}`;
}

function rect(x, y, width, height, name) {
  const made = document.createElementNS(SVG, "rect");
  for (const [key, value] of Object.entries({ x, y, width, height, class: name })) made.setAttribute(key, value);
  return made;
}

/** Lines between the cells, once for each sheet. */
function drawn(sheet) {
  const svg = sheet.querySelector("svg");
  if (svg.firstChild) return svg;
  const [columns, rows, width, height, margin, padding] = sheet.dataset.grid.split(",").map(Number);
  if (columns * rows <= 2000) {
    for (let n = 0; n < columns * rows; n += 1) svg.append(rect(margin + (n % columns) * (width + padding), margin + Math.floor(n / columns) * (height + padding), width, height, "p-sprite__cell"));
  }
  svg.append(rect(0, 0, 0, 0, "p-sprite__now"));
  return svg;
}

async function tell(sheet, x, y) {
  const svg = drawn(sheet);
  const found = await cues(sheet.closest("[data-sprite]"));
  const src = sheet.querySelector("img").src;
  const cue = found.find((one) => one.src === src && x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height);
  const box = cue ?? { x: 0, y: 0, width: 0, height: 0 };
  svg.lastChild.replaceWith(rect(box.x, box.y, box.width, box.height, "p-sprite__now"));
  sheet.querySelector("[data-cue]").textContent = cue ? `${clock(cue.start)} – ${clock(cue.end)}` : "";
  sheet.cue = cue;
}

document.addEventListener("pointermove", (event) => {
  const sheet = event.target.closest?.("[data-sheet]");
  const image = sheet?.querySelector("img");
  if (!image) return;
  const box = image.getBoundingClientRect();
  const [width, height] = ["width", "height"].map((name) => Number(image.getAttribute(name)));
  tell(sheet, ((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height);
});

document.addEventListener("keydown", (event) => {
  const sheet = event.target.closest?.("[data-sheet]");
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!sheet || !step) return;
  event.preventDefault();
  const [, , width, height, margin, padding] = sheet.dataset.grid.split(",").map(Number);
  const from = sheet.cue ?? { x: margin - (width + padding) * (step[0] > 0 ? 1 : 0), y: margin, width, height };
  tell(sheet, from.x + step[0] * (width + padding) + width / 2, from.y + step[1] * (height + padding) + height / 2);
});
