// Areas drawn on a frame of the input: data-areas on a box within the part of the form that has the rows. The numbers in the rows are what is sent;
// this only writes them. Pointer: draw over the picture. Keys on an area: arrows move it by 1 %, with Shift they change its size.

const SVG = "http://www.w3.org/2000/svg";
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));
const percent = (value) => `${Number((value * 100).toFixed(2))} %`;
const rowsOf = (box) => [...box.closest("[data-part]").querySelectorAll("[id^='rows-'][id$='delogos'] > .p-tree__row")];
const field = (row, name) => row.querySelector(`[name$=".${name}"]`);

/** A length as a share of the side: «12 %», «0.12», or px of the source where its size is known. */
function share(text, side, empty) {
  const match = /^\s*([\d.,]+)\s*(px|%)?\s*$/i.exec(text);
  if (!match) return empty;
  const number = Number(match[1].replace(",", "."));
  if (match[2] === "%") return number / 100;
  return match[1].includes(".") && !match[2] ? number : side ? number / side : empty;
}

function read(box, row) {
  const [width, height] = (box.dataset.size || "x").split("x").map(Number);
  const area = { w: share(field(row, "width").value, width, 1), h: share(field(row, "height").value, height, 1), x: share(field(row, "dx").value, width, 0), y: share(field(row, "dy").value, height, 0) };
  const corner = field(row, "corner").value;
  if (corner.endsWith("right")) area.x = 1 - area.x - area.w;
  if (corner.startsWith("bottom")) area.y = 1 - area.y - area.h;
  return area;
}

function write(row, area) {
  field(row, "corner").value = "top_left";
  for (const [name, value] of [["dx", area.x], ["dy", area.y], ["width", area.w], ["height", area.h]]) field(row, name).value = percent(value);
  field(row, "dx").dispatchEvent(new Event("input", { bubbles: true }));
  field(row, "dx").dispatchEvent(new Event("change", { bubbles: true }));
}

function draw(box) {
  const svg = box.querySelector(".p-areas__picture svg");
  if (!svg) return;
  const focused = svg.contains(document.activeElement) ? [...svg.children].indexOf(document.activeElement) : -1;
  svg.replaceChildren(...rowsOf(box).map((row, index) => {
    const area = read(box, row);
    const shape = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ x: area.x, y: area.y, width: area.w, height: area.h, tabindex: 0, role: "button", "aria-label": `${box.dataset.one} ${index + 1}` })) shape.setAttribute(name, value);
    if (index === active(box)) shape.setAttribute("class", "is-active");
    return shape;
  }));
  if (focused >= 0) svg.children[focused]?.focus();
}

const active = (box) => Math.min(Number(box.dataset.active ?? 0), Math.max(0, rowsOf(box).length - 1));

function open(box) {
  const input = document.getElementById("id_input");
  const note = box.querySelector("[data-areas-note]");
  const picture = document.createElement("div");
  picture.className = "p-areas__picture";
  const image = new Image();
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 1 1");
  svg.setAttribute("preserveAspectRatio", "none");
  image.alt = "";
  image.src = `${box.dataset.frame}?input=${encodeURIComponent(input.value.trim())}&at=${encodeURIComponent(box.querySelector("[data-areas-at]").value || "0")}`;
  image.addEventListener("error", () => { note.textContent = box.dataset.failed; picture.remove(); });
  image.addEventListener("load", () => { note.textContent = rowsOf(box).length ? box.dataset.hint : box.dataset.empty; draw(box); });
  picture.append(image, svg);
  box.querySelector(".p-areas__picture")?.remove();
  box.append(picture);
}

let stroke = null;
const at = (svg, event) => {
  const frame = svg.getBoundingClientRect();
  return [clamp((event.clientX - frame.left) / frame.width, 0, 1), clamp((event.clientY - frame.top) / frame.height, 0, 1)];
};

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-areas-open]");
  if (button) open(button.closest("[data-areas]"));
});
document.addEventListener("pointerdown", (event) => {
  const svg = event.target.closest?.(".p-areas__picture svg");
  const box = svg?.closest("[data-areas]");
  if (!box || !rowsOf(box).length) return;
  event.preventDefault();
  if (event.target !== svg) box.dataset.active = [...svg.children].indexOf(event.target);
  const row = rowsOf(box)[active(box)];
  const area = read(box, row);
  const whole = area.w > 0.99 && area.h > 0.99; // as it begins: there is nowhere to move it
  stroke = { box, svg, row, from: at(svg, event), moved: event.target !== svg && !whole ? area : null };
  svg.setPointerCapture(event.pointerId);
});
document.addEventListener("pointermove", (event) => {
  if (!stroke) return;
  const [x, y] = at(stroke.svg, event);
  const [fx, fy] = stroke.from;
  const old = stroke.moved;
  if (old) write(stroke.row, { w: old.w, h: old.h, x: clamp(old.x + x - fx, 0, 1 - old.w), y: clamp(old.y + y - fy, 0, 1 - old.h) });
  else if (Math.abs(x - fx) > 0.005 && Math.abs(y - fy) > 0.005) write(stroke.row, { x: Math.min(x, fx), y: Math.min(y, fy), w: Math.abs(x - fx), h: Math.abs(y - fy) });
  draw(stroke.box);
});
document.addEventListener("pointerup", () => { stroke = null; });
document.addEventListener("keydown", (event) => {
  const shape = event.target.closest?.(".p-areas__picture rect");
  const step = { ArrowLeft: [-0.01, 0], ArrowRight: [0.01, 0], ArrowUp: [0, -0.01], ArrowDown: [0, 0.01] }[event.key];
  if (!shape || !step) return;
  event.preventDefault();
  const box = shape.closest("[data-areas]");
  box.dataset.active = [...shape.parentElement.children].indexOf(shape);
  const row = rowsOf(box)[active(box)];
  const area = read(box, row);
  if (event.shiftKey) Object.assign(area, { w: clamp(area.w + step[0], 0.01, 1 - area.x), h: clamp(area.h + step[1], 0.01, 1 - area.y) });
  else Object.assign(area, { x: clamp(area.x + step[0], 0, 1 - area.w), y: clamp(area.y + step[1], 0, 1 - area.h) });
  write(row, area);
  draw(box);
});
for (const kind of ["input", "htmx:afterSettle"]) document.addEventListener(kind, () => { if (!stroke) for (const box of document.querySelectorAll("[data-areas]")) draw(box); });
