// The log of a running job: new lines are fetched by byte offset and appended, when a stream says that there are some or every two seconds; Follow keeps the end in view and lets go when somebody scrolls up.

const list = document.getElementById("log-lines");
const box = list?.parentElement;
const follow = document.querySelector("[data-log-follow]");
const wrap = document.querySelector("[data-log-wrap]");
const KEPT = 4000; // lines in the page; earlier ones are a link away
let following = Boolean(follow);
let paused = sessionStorage.getItem("live") === "paused";
let failures = 0;
let placed = 0;
let timer = 0;
let busy = false;

wrap?.addEventListener("click", () => {
  const on = list.classList.toggle("is-unwrapped") === false;
  wrap.setAttribute("aria-pressed", String(on));
});

function toEnd() {
  box.scrollTop = box.scrollHeight;
  placed = box.scrollTop;
}

function setFollowing(on) {
  following = on;
  follow?.setAttribute("aria-pressed", String(on));
  if (on) toEnd();
}

follow?.addEventListener("click", () => setFollowing(!following));
box?.addEventListener("scroll", () => {
  if (following && box.scrollTop < placed - 4) setFollowing(false);
}, { passive: true });
document.addEventListener("reelmill:live", (event) => { paused = event.detail.paused; });

async function read() {
  if (!list?.dataset.stream || busy) return;
  if (paused || document.hidden) {
    timer = setTimeout(read, 1000);
    return;
  }
  let wait = document.documentElement.hasAttribute("data-told") ? 10000 : 2000; // told of news by a stream, or asking
  busy = true;
  try {
    const url = new URL(list.dataset.stream, location.href);
    url.searchParams.set("after", list.dataset.after);
    url.searchParams.set("line", list.dataset.line);
    const answer = await fetch(url, { headers: { "HX-Request": "true", "X-Live": "1" }, cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    failures = 0;
    const grown = answer.headers.get("X-Log-After") !== list.dataset.after;
    if (grown) {
      list.insertAdjacentHTML("beforeend", await answer.text());
      list.dataset.after = answer.headers.get("X-Log-After");
      list.dataset.line = answer.headers.get("X-Log-Line");
      while (list.children.length > KEPT) list.firstElementChild.remove();
      if (following) toEnd();
    }
    if (answer.headers.get("X-Log-End") === "1") {
      delete list.dataset.stream;
      follow?.remove();
      return;
    }
  } catch {
    failures += 1;
    wait = Math.min(30000, 2000 * 2 ** failures);
  } finally {
    busy = false;
  }
  timer = setTimeout(read, wait);
}

document.addEventListener("reelmill:log", () => {
  clearTimeout(timer);
  timer = setTimeout(read, 50);
});

function highlight() {
  for (const line of list?.querySelectorAll(".is-target") ?? []) line.classList.remove("is-target");
  const target = location.hash.startsWith("#L") ? document.getElementById(location.hash.slice(1)) : null;
  if (!target) return false;
  target.classList.add("is-target");
  target.scrollIntoView({ block: "center" });
  return true;
}

addEventListener("hashchange", highlight);
if (list) {
  if (!highlight()) toEnd();
  timer = setTimeout(read, 1500);
}
