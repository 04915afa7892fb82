// The player: a light-DOM element over the browser's own <video>. Without this file the browser's controls are there and do.
// HLS: the browser's own if it has one, else hls.js if its file was fetched, else a note. Nothing inline, so the strict policy holds.

class ReelPlayer extends HTMLElement {
  connectedCallback() {
    this.media = this.querySelector("video, audio");
    if (!this.media || this.bar) return;
    this.media.addEventListener("error", () => this.#failed());
    if (this.media.nodeName === "VIDEO") this.#build();
    if (this.dataset.kind === "hls") this.#hls();
    const at = Number(new URL(location.href).searchParams.get("t"));
    if (at > 0) this.media.addEventListener("loadedmetadata", () => { this.media.currentTime = at; }, { once: true });
  }

  // --- HLS --------------------------------------------------------------------------------------------------------------
  async #hls() {
    const url = this.media.getAttribute("src");
    const native = this.media.canPlayType("application/vnd.apple.mpegurl");
    if (native && !(this.dataset.hls && globalThis.MediaSource)) return;
    if (!this.dataset.hls) {
      if (!native) this.#failed();
      return;
    }
    this.media.removeAttribute("src");
    this.media.load();
    const start = async () => {
      if (this.hls || this.starting) return;
      this.starting = true;
      await load(this.dataset.hls);
      if (!globalThis.Hls?.isSupported()) {
        this.media.src = url;
        return;
      }
      this.hls = new globalThis.Hls({ enableWorker: Boolean(this.dataset.hlsWorker), workerPath: this.dataset.hlsWorker || null, capLevelToPlayerSize: false });
      this.hls.on(globalThis.Hls.Events.MANIFEST_PARSED, () => this.#qualities());
      this.hls.on(globalThis.Hls.Events.LEVEL_SWITCHED, () => this.#qualities());
      this.hls.on(globalThis.Hls.Events.ERROR, (_name, data) => { if (data.fatal) this.#failed(); });
      this.hls.loadSource(url);
      this.hls.attachMedia(this.media);
    };
    await start();
  }

  disconnectedCallback() {
    this.hls?.destroy();
  }

  #failed() {
    const note = this.querySelector(".p-player__note");
    note.textContent = this.dataset.wordFailed;
    note.hidden = false;
  }

  // --- controls ---------------------------------------------------------------------------------------------------------
  #build() {
    const video = this.media;
    video.controls = false;
    video.tabIndex = -1;
    this.tabIndex = 0;
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.dataset.title);
    this.bar = element("div", "p-player__bar");
    this.play = this.#button("play", this.dataset.wordPlay, () => this.#toggle());
    this.seek = element("input", "p-player__seek");
    Object.assign(this.seek, { type: "range", min: 0, max: 0, step: 0.01, value: 0 });
    this.seek.setAttribute("aria-label", this.dataset.wordSeek);
    this.time = element("span", "p-player__time");
    this.speed = this.#select(this.dataset.wordSpeed, [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2].map((v) => [String(v), `${v}×`]), "1", (value) => { video.playbackRate = Number(value); });
    this.quality = this.#select(this.dataset.wordQuality, [["-1", this.dataset.wordAuto]], "-1", (value) => { if (this.hls) this.hls.nextLevel = Number(value); });
    this.quality.hidden = true;
    this.mute = this.#button("volume", this.dataset.wordMute, () => { video.muted = !video.muted; });
    const link = this.#button("link", this.dataset.wordLink, () => {});
    link.addEventListener("pointerdown", () => this.#linkAt(link));
    link.addEventListener("focus", () => this.#linkAt(link));
    const full = this.#button("expand", this.dataset.wordFull, () => (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()));
    this.bar.append(this.play, this.seek, this.time, this.speed, this.quality, this.mute, link, full);
    this.insertBefore(this.bar, video.nextSibling);
    this.seek.addEventListener("input", () => { video.currentTime = Number(this.seek.value); });
    video.addEventListener("click", () => this.#toggle());
    for (const name of ["play", "pause", "timeupdate", "durationchange", "volumechange", "seeked", "ended"]) video.addEventListener(name, () => this.#show());
    this.addEventListener("keydown", (event) => this.#key(event));
    this.#show();
  }

  #button(icon, label, action) {
    const button = element("button", "c-button c-button--quiet");
    button.type = "button";
    button.title = label;
    button.setAttribute("aria-label", label);
    button.innerHTML = `<svg class="c-icon" aria-hidden="true"><use href="${this.dataset.icons}#${icon}"></use></svg>`;
    button.addEventListener("click", action);
    return button;
  }

  #select(label, options, value, action) {
    const select = element("select", "p-player__select");
    select.setAttribute("aria-label", label);
    select.title = label;
    for (const [key, text] of options) select.append(new Option(text, key));
    select.value = value;
    select.addEventListener("change", () => action(select.value));
    return select;
  }

  #icon(button, name) {
    button.querySelector("use").setAttribute("href", `${this.dataset.icons}#${name}`);
  }

  #toggle() {
    if (this.media.paused) this.media.play().catch(() => this.#failed());
    else this.media.pause();
  }

  #linkAt(button) {
    const url = new URL(location.href);
    url.searchParams.set("t", this.media.currentTime.toFixed(1));
    url.searchParams.set("play", this.dataset.keep);
    button.dataset.copy = url.href;
  }

  #show() {
    const video = this.media;
    const label = video.paused ? this.dataset.wordPlay : this.dataset.wordPause;
    this.#icon(this.play, video.paused ? "play" : "pause");
    this.play.setAttribute("aria-label", label);
    this.play.title = label;
    this.#icon(this.mute, video.muted ? "muted" : "volume");
    this.mute.setAttribute("aria-pressed", String(video.muted));
    const length = Number.isFinite(video.duration) ? video.duration : 0;
    if (Number(this.seek.max) !== length) this.seek.max = length;
    if (document.activeElement !== this.seek || !video.paused) this.seek.value = video.currentTime;
    this.seek.setAttribute("aria-valuetext", `${clock(video.currentTime)} / ${clock(length)}`);
    this.time.textContent = `${clock(video.currentTime)} / ${clock(length)}`;
  }

  #qualities() {
    const levels = this.hls.levels;
    if (levels.length < 2) return;
    const chosen = this.hls.autoLevelEnabled ? "-1" : this.quality.value;
    const now = levels[this.hls.currentLevel];
    const auto = now ? `${this.dataset.wordAuto} (${now.height}p)` : this.dataset.wordAuto;
    this.quality.replaceChildren(new Option(auto, "-1"), ...levels.map((level, i) => new Option(`${level.height}p · ${Math.round(level.bitrate / 1000)} kbit/s`, String(i))));
    this.quality.value = chosen;
    this.quality.hidden = false;
  }

  #key(event) {
    if (event.target.nodeName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.nodeName === "BUTTON";
    const video = this.media;
    const frame = 1 / 25;
    const actions = {
      " ": () => (onButton ? false : this.#toggle()),
      k: () => this.#toggle(),
      ArrowLeft: () => { video.currentTime = Math.max(0, video.currentTime - 5); },
      ArrowRight: () => { video.currentTime = Math.min(video.duration || 0, video.currentTime + 5); },
      ",": () => { video.pause(); video.currentTime = Math.max(0, video.currentTime - frame); },
      ".": () => { video.pause(); video.currentTime += frame; },
    };
    for (let n = 1; n <= 4; n += 1) actions[String(n)] = () => this.#level(n - 1);
    const action = actions[event.key];
    if (!action || action() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #level(n) {
    if (!this.hls || n >= this.hls.levels.length) return;
    this.quality.value = String(n);
    this.hls.nextLevel = n;
  }
}

function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return `${h ? `${h}:${String(m).padStart(2, "0")}` : m}:${String(s).padStart(2, "0")}`;
}

function load(src) {
  return new Promise((done, failed) => {
    if (globalThis.Hls) {
      done();
      return;
    }
    const script = document.createElement("script");
    script.src = src;
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
}

customElements.define("reel-player", ReelPlayer);
