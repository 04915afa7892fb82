// What plays sets: hls.js for HLS, Shaka Player for DASH and for what is encrypted by samples. Both behind one face, so that the player's menus are the same:
// tracks(kind) gives [{id, label, chosen}] for "quality", "audio" and "text"; choose(kind, id) takes one ("auto" and "off" too); automatic: the player chooses.

const bitrate = (bits) => `${Math.round(bits / 1000)} kbit/s`;

/** What a track is called: a name that is only the language's code becomes the language's name. */
function called(name, language) {
  if (name && name !== language) return name;
  try {
    return new Intl.DisplayNames([document.documentElement.lang || "en"], { type: "language" }).of(language);
  } catch {
    return language; // no code of a language, or none at all
  }
}

export class HlsStream {
  constructor(media, { worker, changed, failed, encrypted }) {
    const Hls = globalThis.Hls;
    this.hls = new Hls({ enableWorker: Boolean(worker), workerPath: worker || null, capLevelToPlayerSize: false, subtitleDisplay: true });
    const events = Hls.Events;
    for (const name of [events.MANIFEST_PARSED, events.LEVEL_SWITCHED, events.AUDIO_TRACKS_UPDATED, events.AUDIO_TRACK_SWITCHED, events.SUBTITLE_TRACKS_UPDATED, events.SUBTITLE_TRACK_SWITCH]) {
      this.hls.on(name, () => changed());
    }
    // hls.js takes these for TS; whoever asked for the stream gets it played by the other one
    this.hls.on(events.LEVEL_LOADED, (_name, data) => { if (/METHOD=SAMPLE-AES/.test(data.details.m3u8) && /#EXT-X-MAP/.test(data.details.m3u8)) encrypted(); });
    this.hls.on(events.ERROR, (_name, data) => { if (data.fatal) failed(); });
    this.media = media;
  }

  async load(url) {
    this.hls.loadSource(url);
    this.hls.attachMedia(this.media);
  }

  get automatic() {
    return this.hls.autoLevelEnabled;
  }

  tracks(kind) {
    const { hls } = this;
    if (kind === "quality") return hls.levels.map((level, i) => ({ id: String(i), label: `${level.height}p · ${bitrate(level.bitrate)}`, short: `${level.height}p`, chosen: i === hls.currentLevel }));
    if (kind === "audio") return hls.audioTracks.map((track, i) => ({ id: String(i), label: called(track.name, track.lang), chosen: i === hls.audioTrack }));
    return hls.subtitleTracks.map((track, i) => ({ id: String(i), label: called(track.name, track.lang), chosen: hls.subtitleDisplay && i === hls.subtitleTrack }));
  }

  choose(kind, id) {
    if (kind === "quality") this.hls.nextLevel = id === "auto" ? -1 : Number(id);
    else if (kind === "audio") this.hls.audioTrack = Number(id);
    else this.hls.subtitleTrack = id === "off" ? -1 : Number(id);
  }

  destroy() {
    this.hls.destroy();
  }
}

export class ShakaStream {
  constructor(media, { changed, failed }) {
    const shaka = globalThis.shaka;
    shaka.polyfill.installAll();
    this.player = new shaka.Player();
    this.media = media;
    this.captions = false;
    for (const name of ["trackschanged", "adaptation", "variantchanged", "textchanged"]) this.player.addEventListener(name, () => changed());
    this.player.addEventListener("error", (event) => { if (event.detail.severity === shaka.util.Error.Severity.CRITICAL) failed(); });
    this.failed = failed;
  }

  async load(url) {
    try {
      await this.player.attach(this.media);
      await this.player.load(url);
      this.#prime();
    } catch {
      this.failed();
    }
  }

  /** Captions that are chosen for the first time after everything was loaded are fetched, but Shaka 5.2 shows none of them: so they are fetched at once. */
  #prime() {
    const [first] = this.player.getTextTracks();
    if (!first) return;
    const off = (event) => {
      if (event.contentType !== "text") return;
      this.player.removeEventListener("segmentappended", off);
      if (!this.captions) this.choose("text", "off");
    };
    this.player.addEventListener("segmentappended", off);
    this.player.selectTextTrack(first);
  }

  get automatic() {
    return this.player.getConfiguration().abr.enabled;
  }

  tracks(kind) {
    const { player } = this;
    if (kind === "quality") {
      const sorted = player.getVideoTracks().toSorted((one, other) => one.height - other.height);
      return sorted.map((track) => ({ id: `${track.width}x${track.height}@${track.bandwidth}`, label: `${track.height}p · ${bitrate(track.bandwidth)}`, short: `${track.height}p`, chosen: track.active, track }));
    }
    const found = kind === "audio" ? player.getAudioTracks() : player.getTextTracks();
    return found.map((track, i) => ({ id: String(i), label: called(track.label, track.language), chosen: kind === "audio" ? track.active : track.active && this.captions, track }));
  }

  choose(kind, id) {
    const { player } = this;
    const wanted = this.tracks(kind).find((one) => one.id === id)?.track;
    if (kind === "quality") {
      player.configure("abr.enabled", id === "auto");
      if (wanted) player.selectVideoTrack(wanted, true);
    } else if (kind === "audio") {
      if (wanted) player.selectAudioTrack(wanted);
    } else {
      this.captions = Boolean(wanted);
      player.selectTextTrack(wanted ?? null);
    }
  }

  destroy() {
    this.player.destroy();
  }
}
