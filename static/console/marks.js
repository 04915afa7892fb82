// The watermark editor: a frame over the picture follows pointer and arrow keys at once and writes the numbers; 300 ms after the last
// change the server makes the exact picture with a job's own filters. Without this script the form works, and «Update the preview» asks for the picture.

const form = document.querySelector("[data-mark]");
const stage = form?.querySelector("[data-stage]");
const DELAY = 300;

if (form) {
  kinds();
  for (const name of ["color", "outline_color"]) colour(form.elements.namedItem(name));
  contrast(form.querySelector("[data-contrast]"));
}
if (stage) preview();

/** Only the fields of the chosen type are shown. */
function kinds() {
  const sync = () => {
    const kind = form.elements.kind.value;
    for (const part of form.querySelectorAll("[data-kind]")) part.hidden = part.dataset.kind !== kind;
  };
  form.addEventListener("change", sync);
  sync();
}

/** The browser's own colour picker beside a colour's text; names stay possible in the text. */
function colour(text) {
  const picker = Object.assign(document.createElement("input"), { type: "color", tabIndex: 0 });
  picker.setAttribute("aria-label", text.labels[0].textContent.trim());
  const sync = () => { if (/^#[0-9a-f]{6}$/i.test(text.value)) picker.value = text.value; };
  picker.value = text.name === "color" ? "#ffffff" : "#000000";
  sync();
  text.addEventListener("input", sync);
  picker.addEventListener("input", (event) => {
    event.stopPropagation();
    text.value = picker.value;
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
  text.after(picker);
}

/** A hint where text could not be read on some pictures: no outline, or one that is hardly lighter or darker than the text (less than 3 to 1). */
function contrast(hint) {
  const pen = document.createElement("canvas").getContext("2d");
  const light = (text, usual) => {
    pen.fillStyle = usual;
    pen.fillStyle = text.trim() || usual; // what is no colour changes nothing
    const parts = [1, 3, 5].map((at) => parseInt(pen.fillStyle.slice(at, at + 2), 16) / 255);
    const [red, green, blue] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const sync = () => {
    const inner = light(form.elements.namedItem("color").value, "#ffffff");
    const outer = light(form.elements.namedItem("outline_color").value, "#000000");
    const ratio = (Math.max(inner, outer) + 0.05) / (Math.min(inner, outer) + 0.05);
    const bare = Number(form.elements.namedItem("outline_width").value || 0) === 0;
    hint.hidden = !bare && ratio >= 3;
    const word = bare ? hint.dataset.wordBare : hint.dataset.wordAlike;
    if (!hint.hidden && hint.textContent !== word) hint.textContent = word;
  };
  form.addEventListener("input", sync);
  sync();
}

function preview() {
  const picture = stage.querySelector("[data-picture]");
  const box = stage.querySelector("[data-box]");
  const note = form.querySelector("[data-note]");
  const state = form.querySelector("[data-state]");
  let canvas = { width: 640, height: 360 };
  let mark = null; // x, y, width, height in px of the canvas, as the server placed it
  let timer = 0;
  let asked = null;
  let address = "";

  const field = (name) => form.elements.namedItem(name);
  const corner = () => field("corner").value;

  /** px of the canvas → px of the page. */
  const ratio = () => picture.clientWidth / canvas.width || 1;

  function place() {
    box.hidden = !mark;
    if (!mark) return;
    const scale = ratio();
    box.style.width = `${Math.max(8, mark.width * scale)}px`;
    box.style.height = `${Math.max(8, mark.height * scale)}px`;
    box.style.transform = `translate(${picture.offsetLeft + mark.x * scale}px, ${picture.offsetTop + mark.y * scale}px)`;
  }

  function say(text, tone = "") {
    note.textContent = text;
    note.className = `p-mark__note ${tone}`;
  }

  function exact(yes) {
    state.className = `c-badge u-js ${yes ? "c-badge--success" : "c-badge--info"}`;
    state.firstElementChild.textContent = yes ? form.dataset.exact : form.dataset.moving;
    box.classList.toggle("is-sketch", !yes);
  }

  /** Ask for the exact picture soon; a later change takes the place of an earlier one. */
  function soon(delay = DELAY) {
    clearTimeout(timer);
    timer = setTimeout(ask, delay);
  }

  async function ask() {
    asked?.abort();
    const own = (asked = new AbortController());
    const body = new FormData(form);
    body.set("kind", field("kind").value); // a type that cannot be changed is not sent by itself
    for (const name of ["sample", "frame"]) if (!field(name)?.files?.length) body.delete(name);
    stage.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.url, { method: "POST", body, signal: own.signal, headers: { "X-CSRFToken": field("csrfmiddlewaretoken").value } });
      if (!answer.ok) {
        const told = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : {};
        throw new Error(told.message ?? "");
      }
      const warnings = JSON.parse(answer.headers.get("X-Mark-Warnings") ?? "[]");
      const found = JSON.parse(answer.headers.get("X-Mark-Box") ?? "null");
      const old = address;
      address = URL.createObjectURL(await answer.blob());
      picture.src = address;
      await picture.decode();
      if (old) URL.revokeObjectURL(old);
      canvas = { width: picture.naturalWidth, height: picture.naturalHeight };
      mark = found && { x: found[0], y: found[1], width: found[2], height: found[3] };
      place();
      exact(true);
      say(warnings.join(" "), warnings.length ? "is-warning" : "");
    } catch (error) {
      if (error.name === "AbortError") return;
      exact(false);
      say([error.message, form.dataset.failed].filter(Boolean).join(" "), "is-bad");
    } finally {
      if (asked === own) stage.removeAttribute("aria-busy");
    }
  }

  /** Write a place into the numbers, in the units chosen there. */
  function write() {
    const far = { x: corner().endsWith("right"), y: corner().startsWith("bottom") };
    const sides = { x: ["dx", canvas.width, mark.width], y: ["dy", canvas.height, mark.height] };
    for (const axis of ["x", "y"]) {
      const [name, whole, own] = sides[axis];
      const pixels = Math.max(0, Math.round(far[axis] ? whole - own - mark[axis] : mark[axis]));
      field(name).value = field(`${name}_unit`).value === "%" ? String(Math.round((pixels / whole) * 10000) / 100) : String(pixels);
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** A mark stays where its offsets can be said: never before its corner. */
  function move(x, y) {
    const right = corner().endsWith("right"), bottom = corner().startsWith("bottom");
    mark.x = right ? Math.min(x, canvas.width - mark.width) : Math.max(0, x);
    mark.y = bottom ? Math.min(y, canvas.height - mark.height) : Math.max(0, y);
    place();
    exact(false);
    write();
  }

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  box.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || !mark || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    move(mark.x + step[0] * far, mark.y + step[1] * far);
  });

  box.addEventListener("pointerdown", (event) => {
    if (!mark || event.button) return;
    box.setPointerCapture(event.pointerId);
    const from = { x: event.clientX, y: event.clientY, left: mark.x, top: mark.y };
    const follow = (moved) => move(Math.round(from.left + (moved.clientX - from.x) / ratio()), Math.round(from.top + (moved.clientY - from.y) / ratio()));
    box.addEventListener("pointermove", follow);
    box.addEventListener("lostpointercapture", () => box.removeEventListener("pointermove", follow), { once: true });
  });

  form.addEventListener("input", (event) => { if (event.target.name !== "name") soon(); });
  form.addEventListener("change", (event) => {
    if (event.target.name === "name") return;
    form.querySelector("[data-at]").hidden = ["light", "dark", "busy"].includes(field("ground").value);
    exact(false);
    soon();
  });
  new ResizeObserver(place).observe(picture);
  form.querySelector("[data-at]").hidden = ["light", "dark", "busy"].includes(field("ground").value);
  soon(0);
}
