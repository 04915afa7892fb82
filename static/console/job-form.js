// The new-job form: picking an input, inserting placeholders, counting bytes. Everything it does can be done without it.

const form = document.getElementById("job-form");
const input = document.getElementById("id_input");

/** An address was chosen in the picker or among the recent files. */
document.addEventListener("click", (event) => {
  const pick = event.target.closest("[data-pick]");
  if (pick && input) {
    event.preventDefault();
    input.value = pick.dataset.pick;
    document.getElementById("dialog")?.close();
    for (const menu of document.querySelectorAll("[data-menu][open]")) menu.open = false;
    form.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
    input.focus();
    return;
  }
  const insert = event.target.closest("[data-insert]");
  if (insert) {
    const field = document.querySelector(insert.dataset.insertInto);
    const at = field.selectionStart ?? field.value.length;
    field.setRangeText(insert.dataset.insert, at, field.selectionEnd ?? at, "end");
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
});

/** Late news of typing for the summary; never while an input method composes. */
form?.addEventListener("input", (event) => {
  if (event.isComposing || !event.target.matches("input[type=text], input[type=number], input:not([type]), textarea")) return;
  form.dispatchEvent(new CustomEvent("typed-late"));
});

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
