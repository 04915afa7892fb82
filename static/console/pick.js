// Picking an object: what is chosen in the dialog, or among the recent files, goes into its field. Without it the fields are typed.

/** Where the choice goes: the field beside the «Browse» that was pressed, else the form's input. */
let target = null;

document.addEventListener("click", (event) => {
  const browse = event.target.closest("[data-dialog]");
  if (browse) target = browse.dataset.pickInto ? document.getElementById(browse.dataset.pickInto) : null;
  const pick = event.target.closest("[data-pick]");
  const field = pick?.closest("#dialog") && target?.isConnected ? target : document.getElementById("id_input");
  if (!pick || !field) return;
  event.preventDefault();
  field.value = pick.dataset.pick;
  document.getElementById("dialog")?.close();
  for (const menu of document.querySelectorAll("[data-menu][open]")) menu.open = false;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.form.dispatchEvent(new CustomEvent("picked", { bubbles: true }));
  field.focus();
});
