"""How a decision changes the encoder's options, and the settings that pay. Pure.

Each figure: bits saved at equal VMAF / equal VMAF NEG against the regular preset's own settings, mean over five clips at two CRFs (docs/narrowband.md says how).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobs.engine.narrowband.records import Decision, Zone
    from jobs.engine.plan import Plan, VideoPlan

RATE = frozenset({"-b:v", "-maxrate:v", "-minrate:v", "-bufsize:v", "-crf", "-qp"})
PARAMS = {"libx264": "-x264-params", "libx265": "-x265-params", "libsvtav1": "-svtav1-params"}
SETTINGS: Mapping[str, Mapping[str, str]] = {
    # psy off: 6 / 7 %; with aq-strength 0.5: 11 / 14 %, with 0.3: 14 / 15 %, in 7 % less time. Without AQ it would be 12 / 15 %: flat and dark areas keep a little
    "libx264": {"psy": "0", "aq-strength": "0.3"},
    # AQ alone: 2 to 3 %. Its psy settings cost nothing that VMAF sees (−2 to +5 % without them)
    "libx265": {"aq-strength": "0.3"},
    # is tuned for such measures by itself
    "libsvtav1": {},
}
LONGER: Mapping[str, Mapping[str, str]] = {  # Narrowband 2 only: they take time
    "libx264": {"bframes": "5", "b-adapt": "2"},  # 3 / 2 % more, in a quarter more time
    "libx265": {},
    "libsvtav1": {},
}
# Tried and left out: aq-mode 2 (7 / 9 %) and 3 (3 / 4 %), deblock 1 (−1 %), qcomp 0.7 (−3 %); subme 9, trellis 2, 5 references, a look-ahead of 60: 2 % more for a
# quarter more time; hqdn3d with 1:1:1.5:1.5 before all: 0 / −1 % over seven clips, grainy ones among them (−3 to +7 %)
FAST = {"libx264": "veryfast", "libx265": "superfast", "libsvtav1": "12"}
PLACED = frozenset({"-enc_time_base:v", "-force_key_frames:v", "-bsf:v", "-tag:v"})  # of the output's own container and times; not for a probe


def tuned(
    video: VideoPlan,
    crf: float,
    *,
    method: int = 2,
    fast: bool = False,
    plain: bool = False,
    steady: bool = False,
    zones: Sequence[Zone] = (),
    maxrate_kbps: int | None = None,
    bufsize_kbit: int | None = None,
    bitrate_kbps: int | None = None,
) -> tuple[str, ...]:
    """The options of the twin's picture with this CRF (or, if given, this average bitrate) and the settings that pay. ``fast``: a fast preset instead of the plan's own;
    ``plain``: without the settings that pay; ``steady``: for a probe, whose pictures have one length."""
    params = PARAMS[video.encoder]
    found: list[str] = []
    own: list[str] = []
    words = iter(video.options)
    for word in words:
        value = next(words)
        if word == params:
            own = [part for part in value.split(":") if part.partition("=")[0] not in ("nal-hrd", "rc", "strict-cbr", "hrd", "pred-struct")]
        elif word == "-preset" and fast:
            found += [word, FAST[video.encoder]]
        elif word not in RATE and not (steady and word in PLACED):
            found += [word, value]
    if bitrate_kbps:
        found += ["-b:v", f"{bitrate_kbps}k"]
    else:
        found += ["-crf", f"{round(crf) if video.encoder == 'libsvtav1' else round(crf, 2):g}"]
    if maxrate_kbps and (video.encoder != "libsvtav1" or not bitrate_kbps):
        found += ["-maxrate:v", f"{maxrate_kbps}k", "-bufsize:v", f"{bufsize_kbit or 2 * maxrate_kbps}k"]
    said = {part.partition("=")[0] for part in own} | ({"bframes", "b-adapt"} if "-bf" in found or "baseline" in found else set())
    pays = {} if plain else {**SETTINGS[video.encoder], **(LONGER[video.encoder] if method == 2 and not fast else {})}
    own += [f"{name}={value}" for name, value in pays.items() if name not in said]
    if zones and video.encoder != "libsvtav1":
        # b divides the quantiser's scale, which doubles every 6 CRF: 2^(-d/6) is d CRF more for these pictures (measured: equal sizes, for both encoders)
        own.append("zones=" + "/".join(f"{zone.first},{zone.last},b={2 ** (-zone.offset / 6):.5f}" for zone in zones))
    return (*found, *((params, ":".join(own)) if own else ()))


def adapted(plan: Plan, decision: Decision) -> Plan:
    """The twin's plan, encoded as decided. Sound, texts, container and what is expected stay."""
    output = plan.outputs[0]
    rendition = output.renditions[0]
    video = rendition.video
    if video is None:
        return plan
    options = tuned(
        video,
        decision.crf,
        method=decision.method,
        zones=decision.zones,
        maxrate_kbps=decision.maxrate_kbps,
        bufsize_kbit=decision.bufsize_kbit,
        bitrate_kbps=decision.bitrate_kbps,
    )
    changed = rendition.model_copy(update={"video": video.model_copy(update={"options": options, "passes": 1})})
    return plan.model_copy(update={"outputs": (output.model_copy(update={"renditions": (changed, *output.renditions[1:])}), *plan.outputs[1:])})
