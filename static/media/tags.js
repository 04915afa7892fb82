/* Tags as they are typed: the browser offers known ones for the last word, and a known tag is one click away. Works for forms that come later too. */
const SEPARATOR = /\s*[,，、]\s*/;

/** The words typed so far, and the one being typed. */
function split(field) {
  const words = field.value.split(SEPARATOR);
  return [words.slice(0, -1).filter(Boolean), words.at(-1)];
}

document.addEventListener("input", (event) => {
  const field = event.target;
  const list = field.dataset?.tags && document.getElementById(field.dataset.tags);
  if (!list) return;
  const [done, word] = split(field);
  const before = done.length ? `${done.join(", ")}, ` : "";
  const folded = word.toLocaleLowerCase();
  const known = (list.dataset.known ?? "").split(",").filter((tag) => tag && !done.includes(tag) && tag.toLocaleLowerCase().includes(folded));
  list.replaceChildren(...(word ? known.slice(0, 20) : []).map((tag) => {
    const option = document.createElement("option");
    option.value = `${before}${tag}`;
    return option;
  }));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-add-tag]");
  const field = button && document.querySelector(`[data-tags="${CSS.escape(button.dataset.for)}"]`);
  if (!field) return;
  const words = field.value.split(SEPARATOR).filter(Boolean);
  if (!words.includes(button.dataset.addTag)) field.value = [...words, button.dataset.addTag].join(", ");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
