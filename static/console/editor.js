// The template editor: only what makes sense for the chosen container and codecs is shown; what is hidden is not sent.
// data-when="name=value,value;name=…" on a box: all must hold («» stands for an empty or unticked field).
// data-allowed on the form: {container: {video: [codecs], audio: [codecs]}}, the usual codec first.

const form = document.querySelector("[data-editor]");

const codecs = () => JSON.parse(form.dataset.allowed)[form.elements.namedItem("container.format").value] ?? { video: [], audio: [] };

/** What a field says now: a box that is not ticked says nothing; a codec that is not said is the container's usual one. */
function said(name) {
  const field = form.elements.namedItem(name);
  if (!field) return "";
  if (field.type === "checkbox") return field.checked ? "on" : "";
  return field.value || (name.endsWith(".codec") ? codecs()[name.split(".")[0]][0] ?? "" : "");
}

const holds = (rule) => rule.split(";").every((part) => {
  const at = part.indexOf("=");
  return part.slice(at + 1).split(",").includes(said(part.slice(0, at)));
});

function sync() {
  const allowed = codecs();
  for (const kind of ["video", "audio"]) {
    const select = form.elements.namedItem(`${kind}.codec`);
    const part = document.getElementById(`part-${kind}`);
    for (const option of select.options) {
      option.disabled = option.hidden = option.value !== "" && !allowed[kind].includes(option.value);
      if (option.selected && option.disabled) select.value = "";
    }
    for (const box of part.querySelectorAll(".p-editor__fields > div")) box.dataset.impossible = allowed[kind].length || !box.querySelector(`[name^="${kind}."]`) ? "" : "1";
  }
  for (const box of form.querySelectorAll(".p-editor__fields > div, fieldset[data-when]")) {
    const show = box.dataset.impossible !== "1" && (!box.dataset.when || visible(box.dataset.when, allowed));
    box.hidden = !show;
    for (const field of box.querySelectorAll("input, select, textarea")) field.disabled = !show;
  }
  for (const part of form.querySelectorAll("fieldset")) {
    const note = part.querySelector("[data-empty-part]");
    if (note) note.hidden = [...part.querySelectorAll(".p-editor__fields > div")].some((box) => !box.hidden);
  }
}

/** A rule about a stream that the container cannot hold never holds, even where its codec says nothing. */
function visible(rule, allowed) {
  for (const kind of ["video", "audio"]) if (rule.includes(`${kind}.`) && !allowed[kind].length) return false;
  return holds(rule);
}

if (form) {
  form.addEventListener("change", sync);
  sync();
}
