// The upload page: the plain form becomes a queue. Each file goes up in pieces by tus 1.0 (XMLHttpRequest: fetch tells no progress of what it
// sends), then one POST of a job if a template is chosen; from then on the row is the job's row, which live.js keeps fresh.
// A connection that breaks off is taken up again by itself; after a reload, choosing the same file goes on where it was.
// To a bucket whose store takes parts itself they go straight there (direct.js); where the browser is not let, through us.

import { Direct, Unreachable } from "./direct.js";

const form = document.querySelector("[data-upload]");
const AT_ONCE = 2;
const RATE_WINDOW = 4000; // ms over which the rate is told
const PIECE = 8 * 1024 * 1024; // bytes of one request; the server keeps what it has of a piece that breaks off
const PAUSES = [1, 2, 4, 8, 15, 30]; // s before the connection is tried again
const LOOK_ON = 2000; // ms between two looks at what another tab sends
const LITTER = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]); // what systems leave in folders
const TUS = { "Tus-Resumable": "1.0.0" };

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
  form.querySelector("[data-without-script]").remove(); // each file has its own
  let rows = 0;
  let started = false;

  // --- choosing ------------------------------------------------------------------------------------------------------
  const folder = Object.assign(document.createElement("input"), { type: "file", webkitdirectory: true }); // never on the page: that has one field for files
  input.addEventListener("change", take);
  form.querySelector("[data-choose-folder]").addEventListener("click", () => folder.click());
  folder.addEventListener("change", () => {
    add(folder.files);
    folder.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add("is-over");
    });
  }
  for (const name of ["dragleave", "drop"]) drop.addEventListener(name, () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    const dropped = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean); // gone after the first await
    if (!dropped.some((item) => item.isDirectory)) {
      add(event.dataTransfer.files);
      return;
    }
    for (const item of dropped) await walk(item, "");
  });

  /** Add a dropped file, or every file of a dropped folder. */
  async function walk(item, within) {
    if (item.isFile) {
      add([await new Promise((resolve, reject) => item.file(resolve, reject))], within);
      return;
    }
    const inside = within ? `${within}/${item.name}` : item.name;
    const reader = item.createReader(); // tells a hundred at a time
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const one of some) await walk(one, inside);
    }
  }

  /** Move what was chosen into the list. A file chosen before this script was there has told nobody. */
  function take() {
    add(input.files);
    input.value = "";
  }

  /** ``within``: the folder that the files lie in; not said: as a chosen folder tells it. */
  function add(files, within) {
    for (const file of files) {
      if (LITTER.has(file.name)) continue;
      const box = row.content.firstElementChild.cloneNode(true);
      const inside = within ?? file.webkitRelativePath.split("/").slice(0, -1).join("/");
      const entry = { file, box, within: inside, state: "waiting", request: null };
      entries.push(entry);
      part(entry, "name").textContent = named(entry);
      part(entry, "title").value = file.name.replace(/(?<=.)\.[^.]*$/, "").slice(0, 128);
      rows += 1;
      for (const field of box.querySelectorAll("[data-words] .c-field")) {
        const typed = field.querySelector("input");
        typed.id = `upload-${rows}-${"title" in typed.dataset ? "title" : "tags"}`;
        field.querySelector("label").htmlFor = typed.id;
      }
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
  const named = (entry) => (entry.within ? `${entry.within}/${entry.file.name}` : entry.file.name);
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

  /** Title and tags go to the server as the upload begins; one that was refused before may be sent with others. */
  function lock(entry, locked) {
    for (const name of ["title", "tags"]) part(entry, name).disabled = locked;
  }

  function next() {
    const room = AT_ONCE - entries.filter((entry) => entry.state === "sending").length;
    for (const entry of entries.filter((one) => one.state === "waiting").slice(0, Math.max(0, room))) send(entry);
    tell();
  }

  /** Begin, or go on with, one file: ask where the server stands, send piece by piece, then let it become a job. */
  async function send(entry) {
    if (entry.template === undefined) {
      // what is chosen now holds for this file, whatever is chosen later
      entry.template = value("template");
      entry.bucket = value("bucket");
      entry.folder = [value("folder").replace(/^\/+|\/+$/g, ""), entry.within].filter(Boolean).join("/");
      entry.ifExists = value("if_exists");
      entry.memory = `reelmill:upload:${entry.bucket}/${entry.folder}/${entry.file.name}:${entry.file.size}:${entry.file.lastModified}`;
      entry.marks = [];
    }
    entry.title = part(entry, "title").value.trim();
    entry.tags = part(entry, "tags").value.trim();
    entry.state = "sending";
    entry.paused = false;
    lock(entry, true);
    show(entry, { stop: true, retry: false, remove: false });
    let failures = 0;
    while (entry.state === "sending") {
      try {
        if (direct.takes(entry)) {
          await done(entry, await direct.send(entry));
          break;
        }
        const url = await place(entry);
        const offset = await standing(entry, url);
        if (offset >= entry.file.size) {
          await arrived(entry, url);
          break;
        }
        if ((await piece(entry, url, offset)) > offset) failures = 0;
      } catch (error) {
        if (entry.paused) return pause(entry);
        if (error instanceof Unreachable) continue;
        if (error.elsewhere) {
          await elsewhere(entry);
          continue;
        }
        if (error.final || failures >= PAUSES.length) {
          fail(entry, error.text || word("Failed"), true);
          break;
        }
        part(entry, "text").textContent = word("Again");
        await new Promise((wake) => {
          entry.wake = wake;
          setTimeout(wake, PAUSES[failures] * 1000);
        });
        failures += 1;
        if (entry.paused) return pause(entry);
      }
    }
    next();
  }

  const direct = new Direct({
    url: form.dataset.direct,
    buckets: (form.dataset.directBuckets || "").split(" ").filter(Boolean),
    ask,
    refusal,
    measured,
    remembered,
    remember,
  });

  /** The address of this file's upload: the one that was begun before, or a new one. */
  async function place(entry) {
    const known = entry.url || remembered(entry);
    if (known && !known.startsWith(form.dataset.direct)) {
      entry.url = known; // another tab that ends it takes the memory away
      return known;
    }
    const said = { filename: entry.file.name, bucket: entry.bucket, folder: entry.folder, if_exists: entry.ifExists, title: entry.title, tags: entry.tags };
    const metadata = Object.entries(said)
      .filter(([, text]) => text)
      .map(([name, text]) => `${name} ${base64(text)}`)
      .join(",");
    const answer = await ask("POST", form.dataset.uploads, { "Upload-Length": String(entry.file.size), "Upload-Metadata": metadata }, null, entry);
    if (answer.status !== 201) throw refusal(answer);
    entry.url = new URL(answer.getResponseHeader("Location"), location.href).pathname;
    remember(entry, entry.url);
    return entry.url;
  }

  /** How much the server has. An upload that it does not know any more is begun anew. */
  async function standing(entry, url) {
    if (entry.offset !== undefined) return entry.offset;
    const answer = await ask("HEAD", url, {}, null, entry);
    if (answer.status === 404) {
      entry.url = undefined;
      remember(entry, null);
      throw new Error("gone");
    }
    if (answer.status !== 200) throw refusal(answer);
    return Number(answer.getResponseHeader("Upload-Offset"));
  }

  /** Send one piece; answers where the server stands then. */
  async function piece(entry, url, offset) {
    entry.offset = undefined; // until the server has said so
    const answer = await ask("PATCH", url, { "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" }, entry.file.slice(offset, offset + PIECE), entry, offset);
    if (answer.status === 409 || answer.status === 423) throw Object.assign(new Error("elsewhere"), { elsewhere: true });
    if (answer.status !== 204) throw refusal(answer);
    entry.offset = Number(answer.getResponseHeader("Upload-Offset"));
    return entry.offset;
  }

  /** Another tab sends this file too: look on while it gets further, then go on here. */
  async function elsewhere(entry) {
    part(entry, "text").textContent = word("Elsewhere");
    for (let before = -1; entry.state === "sending" && !entry.paused; ) {
      await new Promise((wake) => {
        entry.wake = wake;
        setTimeout(wake, LOOK_ON);
      });
      const answer = await ask("HEAD", entry.url || remembered(entry), {}, null, entry).catch(() => null);
      const now = answer?.status === 200 ? Number(answer.getResponseHeader("Upload-Offset")) : 0;
      if (now <= before || now >= entry.file.size || !now) return;
      part(entry, "bar").value = Math.floor((now * 100) / entry.file.size);
      before = now;
    }
    if (entry.paused) pause(entry);
  }

  async function arrived(entry, url) {
    const answer = await ask("GET", url, {}, null, entry);
    if (answer.status !== 200) throw refusal(answer);
    remember(entry, null);
    await done(entry, JSON.parse(answer.responseText));
  }

  function refusal(answer) {
    let document = {};
    try {
      document = JSON.parse(answer.responseText);
    } catch {
      // a HEAD, or no JSON: the status alone decides
    }
    const error = new Error(String(answer.status));
    error.final = answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429;
    error.text = document.errors?.[0]?.message || document.message || word("Refused");
    return error;
  }

  function ask(method, url, headers, body, entry, offset = 0) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      entry.request = request;
      request.open(method, url);
      if (!("Content-Type" in headers && headers["Content-Type"] === "application/json")) headers = { ...TUS, ...headers };
      for (const [name, text] of Object.entries(headers)) request.setRequestHeader(name, text);
      request.setRequestHeader("X-CSRFToken", value("csrfmiddlewaretoken"));
      if (body instanceof Blob) request.upload.addEventListener("progress", (event) => measured(entry, offset + event.loaded));
      request.addEventListener("load", () => resolve(request));
      for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, () => reject(new Error(name)));
      request.send(body);
    });
  }

  function measured(entry, loaded) {
    const now = performance.now();
    const marks = entry.marks;
    marks.push([now, loaded]);
    while (marks.length > 2 && now - marks[0][0] > RATE_WINDOW) marks.shift();
    const [then, before] = marks[0];
    progress(entry, loaded, now > then && loaded > before ? ((loaded - before) * 1000) / (now - then) : 0);
  }

  // Private windows may have no storage: then a reload begins anew, and nothing else changes.
  function remembered(entry) {
    try {
      return localStorage.getItem(entry.memory);
    } catch {
      return null;
    }
  }

  function remember(entry, url) {
    try {
      if (url) localStorage.setItem(entry.memory, url);
      else localStorage.removeItem(entry.memory);
    } catch {
      // as above
    }
  }

  function base64(text) {
    return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
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
      // the server chooses the name of the output as it submits: it knows which names belong to other inputs
      const answer = await fetch(form.dataset.submit, {
        method: "POST",
        headers: { "X-CSRFToken": value("csrfmiddlewaretoken") },
        body: new URLSearchParams({ input: entry.address, template: entry.template }),
      });
      const job = await answer.json();
      if (answer.status !== 201) throw new Error(job.message || word("Refused"));
      await become(entry, job.id);
      entry.state = "done";
    } catch (error) {
      fail(entry, error instanceof TypeError ? word("Failed") : error.message, true);
    }
    tell();
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
    anchor.textContent = named(entry);
    part(entry, "name").replaceChildren(anchor);
  }

  // --- what went wrong, and what a person does about it -------------------------------------------------------------------
  function fail(entry, text, mayRetry) {
    entry.state = "failed";
    entry.request = null;
    part(entry, "text").textContent = text;
    part(entry, "text").classList.add("u-danger");
    lock(entry, Boolean(entry.url || entry.direct || entry.address));
    show(entry, { stop: false, retry: mayRetry, remove: true });
    tell();
  }

  function stop(entry) {
    entry.paused = true;
    entry.request?.abort();
    direct.stop(entry);
    entry.wake?.();
  }

  /** Stopped by a person: what has arrived stays on the server, and «try again» goes on there. */
  function pause(entry) {
    entry.marks = [];
    entry.offset = undefined;
    fail(entry, word("Stopped"), true);
    next();
  }

  function again(entry) {
    part(entry, "text").classList.remove("u-danger");
    if (entry.address) {
      submit(entry); // the file is there: only the job is missing
      return;
    }
    entry.state = "waiting";
    part(entry, "text").textContent = word("Waiting");
    show(entry, { stop: false, retry: false, remove: true });
    started = true;
    next();
  }

  function forget(entry) {
    direct.forget(entry);
    if (entry.url && entry.state !== "done") {
      remember(entry, null);
      ask("DELETE", entry.url, {}, null, entry).catch(() => {}); // what nobody withdraws expires
    }
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
