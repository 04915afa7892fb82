// The editor of workflows: remembers which steps are open, and asks for the checks anew after the steps were rearranged. Works without it, too.

document.addEventListener("toggle", (event) => {
  const step = event.target.closest?.("[data-step]");
  if (!step || step !== event.target) return;
  const field = step.closest("section").querySelector("[data-step-open]");
  if (field) field.value = step.open ? "1" : "";
}, true);

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt?.closest?.("#steps")) document.body.dispatchEvent(new CustomEvent("rearranged", { bubbles: true }));
});
