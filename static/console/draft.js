// Keeps what a form holds for a day, so that a closed tab loses nothing: data-draft-of="form's id" data-draft-url="/where to send it".
// Without this script there are no drafts, and nothing else is missing. The server leaves secrets out.

const place = document.querySelector("[data-draft-of]");
const form = place && document.getElementById(place.dataset.draftOf);
const QUIET = 1500; // ms without typing after which it is sent
let timer = 0;
let last = "";

function fields() {
  const found = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "csrfmiddlewaretoken") found.append(name, value);
  return found;
}

async function keep() {
  const body = fields();
  if (String(body) === last) return;
  last = String(body);
  try {
    await fetch(place.dataset.draftUrl, {
      method: "POST", body, keepalive: last.length < 60000, headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    });
  } catch {
    last = ""; // the next change tries again
  }
}

if (form) {
  last = String(fields());
  for (const kind of ["input", "change"]) {
    form.addEventListener(kind, () => {
      clearTimeout(timer);
      timer = setTimeout(keep, QUIET);
    });
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && timer) keep();
  });
  form.addEventListener("submit", () => {
    clearTimeout(timer);
    timer = 0;
  });
}
