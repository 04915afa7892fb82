// What stands beside fields: a slider that moves with its number (data-slider="the number's id"), and the button that swaps width and height (data-swap).
// Without this script neither is shown, and the fields alone do the same.
// A number's own attributes say how far its slider goes: min, max; data-usual: what holds where it is empty; data-advised="from to": the band.

const UNSAY = "--unsay"; // the box that leaves out what the template says

/** The number is the truth; the slider stands at it, or where it is empty at what then holds. */
function follow(slider) {
  const number = document.getElementById(slider.dataset.slider);
  if (!number) return;
  const least = Number(number.min || 0);
  const most = Number(number.max || 100);
  const usual = number.placeholder || number.dataset.usual || "";
  slider.min = least;
  slider.max = most;
  slider.step = most - least <= 1 ? 0.01 : 1;
  slider.value = number.value || usual || least;
  slider.classList.toggle("is-unsaid", number.value === "");
  slider.setAttribute("aria-valuetext", number.value || [slider.dataset.unsaid, usual].filter(Boolean).join(": "));
  const band = slider.parentElement.querySelector("svg");
  const [from, to] = (number.dataset.advised ?? "").split(" ").map(Number);
  band.toggleAttribute("hidden", !to);
  if (!to) return;
  band.setAttribute("viewBox", `${least} 0 ${most - least} 1`);
  band.firstElementChild.setAttribute("x", from);
  band.firstElementChild.setAttribute("width", to - from);
}

function all() {
  for (const slider of document.querySelectorAll("[data-slider]")) follow(slider);
}

// On its way down: before a form's own listeners look at the number, or send the slider back to it.
document.addEventListener("input", (event) => {
  const slider = event.target.closest("[data-slider]");
  if (!slider) {
    const own = event.target.id && document.querySelector(`[data-slider="${CSS.escape(event.target.id)}"]`);
    if (own) follow(own);
    return;
  }
  const number = document.getElementById(slider.dataset.slider);
  number.value = slider.value;
  number.dispatchEvent(new Event("input", { bubbles: true }));
}, true);
document.addEventListener("limits", all);
document.addEventListener("htmx:afterSettle", all);
all();

// --- width and height --------------------------------------------------------------------------------------------------
const boxOf = (field) => field.form.elements.namedItem(field.name + UNSAY);

/** What a side is: its own number, else the template's that it is laid over. */
const side = (field) => field.value || (boxOf(field)?.checked ? "" : field.placeholder);

/** Make a side this; what the template says already is not said again, and what it says too much is left out. */
function put(field, value) {
  const box = boxOf(field);
  field.value = value === field.placeholder ? "" : value;
  if (box) box.checked = value === "" && field.placeholder !== "";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-swap]");
  const width = button?.parentElement.querySelector("input");
  const height = width?.form.elements.namedItem(width.name.replace(/width$/, "height"));
  if (!height) return;
  const [wide, high] = [side(width), side(height)];
  put(width, high);
  put(height, wide);
  for (const field of [width, height]) for (const kind of ["input", "change"]) field.dispatchEvent(new Event(kind, { bubbles: true }));
});
