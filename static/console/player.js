// The player: a light-DOM element over the browser's own <video>. Without this file the browser's controls are there and do.
// HLS: hls.js if its file was fetched, else the browser's own if it has one, else a note. DASH, and what is encrypted by samples: Shaka Player if its file
// was fetched, else a note. Nothing inline, so the strict policy holds.

class ReelPlayer extends HTMLElement {
  connectedCallback() {
    this.media = this.querySelector("video, audio");
    if (!this.media || this.bar) return;
    this.media.addEventListener("error", () => { if (!this.stream) this.#failed(); });
    if (this.media.nodeName === "VIDEO") this.#build();
    if (this.dataset.kind === "hls") this.#hls();
    if (this.dataset.kind === "dash") this.#shaka(this.media.getAttribute("src"));
    const at = Number(new URL(location.href).searchParams.get("t"));
    if (at > 0) this.media.addEventListener("loadedmetadata", () => { this.media.currentTime = at; }, { once: true });
  }

  // --- sets -------------------------------------------------------------------------------------------------------------
  async #hls() {
    const url = this.media.getAttribute("src");
    const native = this.media.canPlayType("application/vnd.apple.mpegurl");
    if (native && !(this.dataset.hls && globalThis.MediaSource)) return;
    if (!this.dataset.hls) {
      if (!native) this.#failed();
      return;
    }
    this.#empty();
    await load(this.dataset.hls, "Hls");
    if (!globalThis.Hls?.isSupported()) {
      this.media.src = url;
      return;
    }
    const { HlsStream } = await import(this.dataset.streams);
    await this.#start(new HlsStream(this.media, { worker: this.dataset.hlsWorker, ...this.#told(), encrypted: () => this.#shaka(url) }), url);
  }

  async #shaka(url) {
    this.stream?.destroy();
    this.stream = null;
    if (!this.dataset.shaka || !globalThis.MediaSource) {
      this.#failed();
      return;
    }
    this.#empty();
    await load(this.dataset.shaka, "shaka");
    const { ShakaStream } = await import(this.dataset.streams);
    await this.#start(new ShakaStream(this.media, this.#told()), url);
  }

  #told() {
    return { changed: () => this.#menus(), failed: () => this.#failed() };
  }

  async #start(stream, url) {
    if (!this.isConnected) {
      stream.destroy();
      return;
    }
    this.stream = stream;
    await stream.load(url);
    this.#menus();
  }

  #empty() {
    this.media.removeAttribute("src");
    this.media.load();
  }

  disconnectedCallback() {
    this.stream?.destroy();
    this.stream = null;
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
    this.menus = {
      quality: this.#select(this.dataset.wordQuality, [], "", (value) => this.#choose("quality", value)),
      audio: this.#select(this.dataset.wordAudio, [], "", (value) => this.#choose("audio", value)),
      text: this.#select(this.dataset.wordCaptions, [], "", (value) => this.#choose("text", value)),
    };
    for (const menu of Object.values(this.menus)) menu.hidden = true;
    const step = [this.#button("chevron-left", this.dataset.wordBack, () => this.#step(-1)), this.#button("chevron-right", this.dataset.wordForward, () => this.#step(1))];
    this.mute = this.#button("volume", this.dataset.wordMute, () => { video.muted = !video.muted; });
    const link = this.#button("link", this.dataset.wordLink, () => {});
    link.addEventListener("pointerdown", () => this.#linkAt(link));
    link.addEventListener("focus", () => this.#linkAt(link));
    const full = this.#button("expand", this.dataset.wordFull, () => (document.fullscreenElement ? document.exitFullscreen() : this.requestFullscreen()));
    this.bar.append(this.play, this.seek, this.time, ...step, this.speed, ...Object.values(this.menus), this.mute, link, full);
    this.insertBefore(this.bar, video.nextSibling);
    this.seek.addEventListener("input", () => { video.currentTime = Number(this.seek.value); });
    video.addEventListener("click", () => this.#toggle());
    for (const name of ["play", "pause", "timeupdate", "durationchange", "volumechange", "seeked", "ended"]) video.addEventListener(name, () => this.#show());
    this.addEventListener("keydown", (event) => this.#key(event));
    if (this.dataset.thumbs) import(this.dataset.thumbsModule).then(({ Thumbs }) => { this.thumbs = new Thumbs(this.seek, this.dataset.thumbs, clock); });
    this.#show();
  }

  // To the middle of the neighbour: its edges are rounded.
  #step(count) {
    const video = this.media;
    const frame = 1 / (Number(this.dataset.fps) || 25);
    video.pause();
    video.currentTime = Math.max(0, (Math.floor(video.currentTime / frame + 0.01) + count + 0.5) * frame);
    this.thumbs?.hide();
  }

  #jump(seconds) {
    const video = this.media;
    video.currentTime = Math.min(video.duration || 0, Math.max(0, video.currentTime + seconds));
    this.thumbs?.at(video.currentTime);
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

  // A menu is there where there is something to choose.
  #menus() {
    if (!this.menus || !this.stream) return;
    const { stream } = this;
    const levels = stream.tracks("quality");
    const now = levels.find((level) => level.chosen);
    const auto = now ? `${this.dataset.wordAuto} (${now.short})` : this.dataset.wordAuto;
    fill(this.menus.quality, [["auto", auto], ...levels.map((level) => [level.id, level.label])], stream.automatic ? "auto" : this.menus.quality.value || now?.id, levels.length > 1);
    const sounds = stream.tracks("audio");
    fill(this.menus.audio, sounds.map((track) => [track.id, track.label]), sounds.find((track) => track.chosen)?.id, sounds.length > 1);
    const texts = stream.tracks("text");
    const off = `${this.dataset.wordCaptions}: ${this.dataset.wordOff}`;
    fill(this.menus.text, [["off", off], ...texts.map((track) => [track.id, `${this.dataset.wordCaptions}: ${track.label}`])], texts.find((track) => track.chosen)?.id ?? "off", texts.length > 0);
  }

  #choose(kind, id) {
    this.stream?.choose(kind, id);
  }

  #key(event) {
    if (event.target.nodeName === "SELECT" || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.nodeName === "BUTTON";
    const actions = {
      " ": () => (onButton ? false : this.#toggle()),
      k: () => this.#toggle(),
      ArrowLeft: () => this.#jump(-5),
      ArrowRight: () => this.#jump(5),
      ",": () => this.#step(-1),
      ".": () => this.#step(1),
    };
    for (let n = 1; n <= 4; n += 1) actions[String(n)] = () => this.#level(n - 1);
    const action = actions[event.key];
    if (!action || action() === false) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #level(n) {
    const level = this.stream?.tracks("quality")[n];
    if (!level) return;
    this.menus.quality.value = level.id;
    this.stream.choose("quality", level.id);
  }
}

function fill(menu, options, value, shown) {
  menu.replaceChildren(...options.map(([id, label]) => new Option(label, id)));
  if (value !== undefined) menu.value = value;
  menu.hidden = !shown;
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

function load(src, name) {
  return new Promise((done, failed) => {
    if (globalThis[name]) {
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
