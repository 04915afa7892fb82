// The new-job form: inserting placeholders, counting bytes. Everything it does can be done without it.

const form = document.getElementById("job-form");
const input = document.getElementById("id_input");

/** Placeholders go where the caret is. */
document.addEventListener("click", (event) => {
  const insert = event.target.closest("[data-insert]");
  if (insert) {
    const field = document.querySelector(insert.dataset.insertInto);
    const at = field.selectionStart ?? field.value.length;
    field.setRangeText(insert.dataset.insert, at, field.selectionEnd ?? at, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

/** A picture of the filmstrip says which time is meant; a template's link keeps the input. */
document.addEventListener("click", (event) => {
  const frame = event.target.closest("[data-time]");
  const field = document.getElementById("id_time");
  if (frame && field) {
    field.value = Number(frame.dataset.time).toFixed(3);
    field.dispatchEvent(new Event("change", { bubbles: true }));
    for (const other of frame.closest("ul").querySelectorAll("[data-time]")) other.setAttribute("aria-pressed", String(other === frame));
  }
  const link = event.target.closest("a[data-keep-input]");
  if (link && input?.value) {
    const url = new URL(link.href);
    url.searchParams.set("input", input.value);
    link.href = url.href;
  }
});

/** Late news of typing for the summary; never while an input method composes. */
form?.addEventListener("input", (event) => {
  if (event.isComposing || !event.target.matches("input[type=text], input[type=number], input:not([type]), textarea")) return;
  form.dispatchEvent(new CustomEvent("typed-late"));
});

/** The search over the tree of templates: branches open where something matches. */
document.addEventListener("input", (event) => {
  const field = event.target.closest("[data-find-template]");
  if (!field || event.isComposing) return;
  event.stopPropagation();
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  const body = field.closest(".p-pick-template__body");
  for (const label of body.querySelectorAll("[data-template-name]")) label.hidden = !words.every((word) => label.dataset.templateName.toLowerCase().includes(word));
  for (const branch of body.querySelectorAll("[data-branch]")) {
    const any = branch.querySelector("[data-template-name]:not([hidden])") !== null;
    branch.hidden = !any;
    branch.open = words.length ? any : branch.querySelector("input:checked") !== null;
  }
  for (const size of body.querySelectorAll("[data-size]")) size.hidden = words.length > 0;
}, true);
document.addEventListener("change", (event) => { if (event.target.closest("[data-find-template]")) event.stopPropagation(); }, true);

// What is too long in bytes is said at once; the server says it again.
const encoder = new TextEncoder();
for (const area of document.querySelectorAll("[data-bytes]")) {
  const meter = document.createElement("p");
  meter.className = "c-field__help";
  area.parentElement.after(meter);
  const limit = Number(area.dataset.bytes);
  const show = () => {
    const size = encoder.encode(area.value).length;
    meter.textContent = size ? `${size} / ${limit}` : "";
    meter.classList.toggle("u-danger", size > limit);
  };
  area.addEventListener("input", show);
  show();
}
