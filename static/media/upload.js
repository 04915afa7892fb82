// The upload page: the plain form becomes a queue. Each file is one PUT to the objects interface (XMLHttpRequest: fetch tells no progress of what
// it sends), then one POST of a job if a template is chosen; from then on the row is the job's row, which live.js keeps fresh.

const form = document.querySelector("[data-upload]");
const AT_ONCE = 2;
const RATE_WINDOW = 4000; // ms over which the rate is told

if (form) start();

function start() {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-queue]");
  const summary = form.querySelector("[data-summary]");
  const row = document.getElementById("upload-row");
  const word = (name) => form.dataset[`word${name}`];
  const lang = document.documentElement.lang || "en";
  const entries = [];
  let started = false;

  // --- choosing ------------------------------------------------------------------------------------------------------
  input.addEventListener("change", take);
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    add(event.dataTransfer.files);
  });

  /** Move what was chosen into the list. A file chosen before this script was there has told nobody. */
  function take() {
    add(input.files);
    input.value = "";
  }

  function add(files) {
    for (const file of files) {
      const box = row.content.firstElementChild.cloneNode(true);
      const entry = { file, box, state: "waiting", request: null };
      entries.push(entry);
      part(entry, "name").textContent = file.name;
      part(entry, "size").textContent = bytes(file.size);
      part(entry, "text").textContent = word("Waiting");
      part(entry, "stop").addEventListener("click", () => stop(entry));
      part(entry, "retry").addEventListener("click", () => again(entry));
      part(entry, "drop-row").addEventListener("click", () => forget(entry));
      list.append(box);
      if (file.size > Number(form.dataset.limit)) fail(entry, word("TooLarge"), false);
    }
    list.hidden = entries.length === 0;
    if (started) next();
    tell();
  }

  const part = (entry, name) => entry.box.querySelector(`[data-${name}]`);
  const value = (name) => form.elements.namedItem(name).value;
  take();

  // --- sending -------------------------------------------------------------------------------------------------------
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation(); // the page is not left, so the button stays usable
    if (entries.length === 0) {
      input.focus();
      return;
    }
    started = true;
    next();
  });
  addEventListener("beforeunload", (event) => {
    if (entries.some((entry) => entry.state === "sending" || entry.state === "submitting")) event.preventDefault();
  });

  function next() {
    const room = AT_ONCE - entries.filter((entry) => entry.state === "sending").length;
    for (const entry of entries.filter((one) => one.state === "waiting").slice(0, Math.max(0, room))) send(entry);
    tell();
  }

  function send(entry) {
    // what is chosen now holds for this file, whatever is chosen later
    entry.template = value("template");
    entry.bucket = value("bucket");
    const folder = value("folder").replace(/^\/+|\/+$/g, "");
    const key = folder ? `${folder}/${entry.file.name}` : entry.file.name;
    const path = key.split("/").map(encodeURIComponent).join("/");
    const request = new XMLHttpRequest();
    const marks = [];
    entry.request = request;
    entry.state = "sending";
    show(entry, { stop: true, retry: false, remove: false });
    request.open("PUT", `${form.dataset.objects}${entry.bucket}/objects/${path}?if_exists=${value("if_exists")}`);
    request.setRequestHeader("X-CSRFToken", value("csrfmiddlewaretoken"));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      const now = performance.now();
      marks.push([now, event.loaded]);
      while (marks.length > 2 && now - marks[0][0] > RATE_WINDOW) marks.shift();
      const [then, before] = marks[0];
      const rate = now > then ? ((event.loaded - before) * 1000) / (now - then) : 0;
      progress(entry, event.loaded, rate);
    });
    request.addEventListener("load", () => {
      if (request.status === 201) done(entry, request.response);
      else fail(entry, request.response?.errors?.[0]?.message || request.response?.message || word("Refused"), true);
      next();
    });
    request.addEventListener("error", () => {
      fail(entry, word("Failed"), true);
      next();
    });
    request.addEventListener("abort", () => {
      fail(entry, word("Stopped"), true);
      next();
    });
    request.send(entry.file);
  }

  function progress(entry, loaded, rate) {
    const percent = entry.file.size ? Math.floor((loaded * 100) / entry.file.size) : 100;
    part(entry, "bar").value = percent;
    const words = [`${percent} %`];
    if (rate > 0) {
      words.push(`${bytes(rate)}/s`);
      if (loaded < entry.file.size) words.push(word("Left").replace("%s", time((entry.file.size - loaded) / rate)));
    }
    part(entry, "text").textContent = words.join(" · ");
  }

  async function done(entry, object) {
    progress(entry, entry.file.size, 0);
    part(entry, "text").textContent = word("Done");
    entry.address = object?.address;
    if (!entry.template || !entry.address) {
      entry.state = "done";
      show(entry, { stop: false, retry: false, remove: true });
      link(entry, object);
      tell();
      return;
    }
    await submit(entry);
  }

  async function submit(entry) {
    entry.state = "submitting";
    show(entry, { stop: false, retry: false, remove: false });
    part(entry, "text").textContent = word("Submitting");
    try {
      const address = await output(entry);
      const answer = await fetch(form.dataset.jobs, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": value("csrfmiddlewaretoken") },
        body: JSON.stringify({ kind: "transcode", input: entry.address, outputs: [{ template: entry.template, address }] }),
      });
      const job = await answer.json();
      if (answer.status !== 201) throw new Error(job.errors?.[0]?.message || job.message || word("Refused"));
      await become(entry, job.id);
      entry.state = "done";
    } catch (error) {
      fail(entry, error instanceof TypeError ? word("Failed") : error.message, true);
    }
    tell();
  }

  /** Where the output goes; the server knows which names belong to other inputs. */
  async function output(entry) {
    const answer = await fetch(`${form.dataset.output}?${new URLSearchParams({ input: entry.address, template: entry.template })}`);
    if (!answer.ok) throw new Error(word("Refused"));
    return (await answer.json()).address;
  }

  /** The row turns into the job's row. */
  async function become(entry, id) {
    const answer = await fetch(form.dataset.jobRow.replace("JOB", id), { headers: { "X-Live": "1" } });
    if (!answer.ok) throw new Error(word("Refused"));
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    entry.box.replaceChildren(holder.content);
  }

  /** An uploaded file that is no job links to its media. */
  function link(entry, object) {
    if (!object?.media) return;
    const anchor = document.createElement("a");
    anchor.href = `/console/media/${object.media}/`;
    anchor.textContent = entry.file.name;
    part(entry, "name").replaceChildren(anchor);
  }

  // --- what went wrong, and what a person does about it -------------------------------------------------------------------
  function fail(entry, text, mayRetry) {
    entry.state = "failed";
    entry.request = null;
    part(entry, "text").textContent = text;
    part(entry, "text").classList.add("u-danger");
    show(entry, { stop: false, retry: mayRetry, remove: true });
    tell();
  }

  function stop(entry) {
    entry.request?.abort();
  }

  function again(entry) {
    part(entry, "text").classList.remove("u-danger");
    if (entry.address) {
      submit(entry); // the file is there: only the job is missing
      return;
    }
    entry.state = "waiting";
    part(entry, "bar").value = 0;
    part(entry, "text").textContent = word("Waiting");
    show(entry, { stop: false, retry: false, remove: true });
    started = true;
    next();
  }

  function forget(entry) {
    entries.splice(entries.indexOf(entry), 1);
    entry.box.remove();
    list.hidden = entries.length === 0;
    tell();
    input.focus();
  }

  function show(entry, { stop: mayStop, retry, remove }) {
    part(entry, "stop").hidden = !mayStop;
    part(entry, "retry").hidden = !retry;
    part(entry, "drop-row").hidden = !remove;
  }

  /** A job that has ended is said once: its row is not asked for any more. */
  document.addEventListener("reelmill:swapped", () => {
    for (const box of list.querySelectorAll(".p-upload__job:not([data-poll]):not([data-said])")) {
      box.dataset.said = "1";
      const tone = box.querySelector('[data-state="succeeded"]') ? "success" : "error";
      document.dispatchEvent(new CustomEvent("reelmill:toast", { detail: { text: box.dataset.announce, tone } }));
    }
  });

  // --- telling ---------------------------------------------------------------------------------------------------------
  function tell() {
    const total = entries.length;
    const finished = entries.filter((entry) => entry.state === "done").length;
    summary.textContent = total ? `${finished} / ${total}` : "";
    if (total && finished === total && summary.dataset.told !== String(total)) {
      summary.dataset.told = String(total);
      document.dispatchEvent(new CustomEvent("reelmill:toast", { detail: { text: word("AllDone"), tone: "success" } }));
    }
  }

  function bytes(number) {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let index = 0;
    let rest = number;
    while (rest >= 999.5 && index < units.length - 1) {
      rest /= 1000;
      index += 1;
    }
    return `${rest.toLocaleString(lang, { maximumFractionDigits: index && rest < 100 ? 1 : 0 })} ${units[index]}`;
  }

  function time(seconds) {
    const whole = Math.ceil(seconds);
    if (whole < 60) return `${whole} s`;
    if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
    return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  }
}
