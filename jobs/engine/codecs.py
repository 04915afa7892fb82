"""What encoders and decoders can and want: tables, with the reason of every quirk beside it. Data only; no decisions. Containers: ``containers``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jobs.engine.containers import CONTAINERS, COPY_RATES, FASTSTART, RATE_NOT_TOLD, TAGS, Container, container

__all__ = [
    "AAC_BITS_PER_SAMPLE",
    "AAC_PROFILES",
    "AC3_KBPS",
    "AMR_KBPS",
    "AUDIO",
    "CONTAINERS",
    "COPY_RATES",
    "DECODERS",
    "FASTSTART",
    "FULL_RANGE",
    "GIF_FPS_MAX",
    "HDR_TRANSFERS",
    "MP3_KBPS_MAX",
    "QUALITY",
    "QUIET_X265",
    "RATE_NOT_TOLD",
    "SEGMENTED",
    "SHOWN_PIXELS",
    "TAGS",
    "VIDEO",
    "VORBIS_KBPS_MAX",
    "VORBIS_KBPS_MIN",
    "AacProfile",
    "AudioEncoder",
    "Container",
    "VideoEncoder",
    "container",
    "decoders",
    "limit",
    "nearest",
]  # fmt: skip

TwoPass = Literal["x264", "x265", "ffmpeg"]
"""How an encoder is told of two passes: by its own parameters (x264, x265: independent of the number of streams), or by ffmpeg's -pass."""


@dataclass(frozen=True)
class VideoEncoder:
    """One of our video codecs and the ffmpeg encoder that makes it."""

    name: str  # as people write it
    encoder: str  # ffmpeg's encoder
    stream: str  # ffprobe's codec_name of the result
    crf: float | None  # the usual one; None: has no CRF
    pixel_formats: tuple[str, ...]  # that can be asked for
    profiles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # profile → pixel formats that it allows
    crf_max: int = 51
    presets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # our preset → options; none: the encoder has no such thing
    fixed: tuple[str, ...] = ()  # options that it always gets
    fields: frozenset[str] = frozenset()  # fields of the vocabulary that mean something to it, beside size, rate, pixel format and filters
    levels: frozenset[str] = frozenset()
    twice: TwoPass | None = None
    cbr: tuple[str, ...] = ()  # what makes the bitrate constant, beside minrate and maxrate
    frame_rates: tuple[float, ...] = ()  # the only ones that it codes; none: any
    steady: bool = False  # takes pictures of one length only
    sizes: int = 2  # width and height are multiples of this


_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
_X26X = {name: ("-preset", name) for name in _PRESETS}
# libvpx: «good» with cpu-used 0 (best) to 5; beyond that only «realtime» is fast. row-mt uses the cores also in small pictures
_VP9 = {
    name: (*(("-deadline", "realtime") if cpu > 5 else ("-deadline", "good")), "-cpu-used", str(cpu), "-row-mt", "1")
    for name, cpu in zip(_PRESETS, (8, 7, 6, 5, 4, 3, 2, 1, 0), strict=True)
}
# SVT-AV1 counts 13 (fastest) to 0; below 3 an hour of film takes days
_AV1 = {name: ("-preset", str(number)) for name, number in zip(_PRESETS, (13, 12, 11, 10, 9, 8, 6, 5, 3), strict=True)}
_RATE = frozenset({"rate_control", "bitrate_kbps", "bitrate_min_kbps", "bitrate_max_kbps"})
_VBV = frozenset({"maxrate_kbps", "bufsize_kbit"})
_GOP = frozenset({"gop", "gop_seconds", "closed_gop"})
_YUV = ("yuv420p", "yuv420p10le", "yuv422p", "yuv422p10le", "yuv444p", "yuv444p10le")
MPEG2_RATES = (24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 50.0, 60000 / 1001, 60.0)  # the eight of the standard

VIDEO: dict[str, VideoEncoder] = {
    "h264": VideoEncoder(
        "H.264",
        "libx264",
        "h264",
        23.0,
        _YUV,  # one build of libx264 makes 8 and 10 bit; all three subsamplings
        # What each profile is for: libx264 would take less, but then writes the lesser profile into the stream
        {
            "baseline": ("yuv420p",),
            "main": ("yuv420p",),
            "high": ("yuv420p",),
            "high10": ("yuv420p10le",),
            "high422": ("yuv422p", "yuv422p10le"),
            "high444": ("yuv444p", "yuv444p10le"),
        },
        presets=_X26X,
        fields=frozenset({"profile", "level", "preset", "crf", "passes", "bframes", "refs", "interlaced"}) | _RATE | _VBV | _GOP,
        levels=frozenset(["1", "1.1", "1.2", "1.3", "2", "2.1", "2.2", "3", "3.1", "3.2", "4", "4.1", "4.2", "5", "5.1", "5.2", "6", "6.1", "6.2"]),
        twice="x264",
        cbr=("-x264-params", "nal-hrd=cbr"),  # fills up what the picture does not need
    ),
    "h265": VideoEncoder(
        "H.265",
        "libx265",
        "hevc",
        26.0,
        _YUV,
        # Main 10 may hold 8 bit too, but libx265 refuses that profile for 8-bit pictures
        {"main": ("yuv420p",), "main10": ("yuv420p10le",)},
        presets=_X26X,
        fields=frozenset({"profile", "level", "preset", "crf", "passes", "bframes", "refs"}) | _RATE | _VBV | _GOP,
        levels=frozenset(["1", "2", "2.1", "3", "3.1", "4", "4.1", "5", "5.1", "5.2", "6", "6.1", "6.2"]),
        twice="x265",
        cbr=("-x265-params", "strict-cbr=1:hrd=1"),
    ),
    "vp9": VideoEncoder(
        "VP9",
        "libvpx-vp9",
        "vp9",
        31.0,
        (*_YUV, "yuva420p"),
        crf_max=63,
        presets=_VP9,
        fields=frozenset({"preset", "crf", "passes"}) | _RATE | _VBV | _GOP,
        twice="ffmpeg",
    ),
    "av1": VideoEncoder(
        "AV1",
        "libsvtav1",
        "av1",
        30.0,
        ("yuv420p", "yuv420p10le"),
        crf_max=63,
        presets=_AV1,
        fields=frozenset({"preset", "crf", "maxrate_kbps", "bufsize_kbit"}) | _RATE | _GOP,
        cbr=("-svtav1-params", "rc=2:pred-struct=1"),  # its constant bitrate works without pictures from the future only
    ),
    "mpeg2": VideoEncoder(
        "MPEG-2",
        "mpeg2video",
        "mpeg2video",
        None,
        ("yuv420p", "yuv422p"),
        fields=frozenset({"passes", "bframes", "interlaced"}) | _RATE | _VBV | _GOP,
        twice="ffmpeg",
        frame_rates=MPEG2_RATES,
        steady=True,
    ),
    "mpeg4": VideoEncoder(
        "MPEG-4",
        "mpeg4",
        "mpeg4",
        None,
        ("yuv420p",),
        fields=frozenset({"passes", "bframes", "interlaced"}) | _RATE | _VBV | _GOP,
        twice="ffmpeg",
        steady=True,  # its time base has 16 bits, those of TS and MP4 are finer
    ),
    "prores": VideoEncoder(
        "ProRes",
        "prores_ks",
        "prores",
        None,
        ("yuv422p10le", "yuv444p10le"),
        dict.fromkeys(("proxy", "lt", "standard", "hq"), ("yuv422p10le",)) | {"4444": ("yuv444p10le",)},
        fields=frozenset({"profile", "interlaced"}),
        fixed=("-vendor", "apl0"),  # editing programs of Apple look at it
    ),
    # a palette of 256 colours, made from the picture itself, or libwebp's own choice: no rate control, no profiles, no pixel format to choose
    "gif": VideoEncoder("GIF", "gif", "gif", None, (), sizes=1),
    "webp": VideoEncoder("WebP", "libwebp_anim", "webp", None, (), sizes=1),
}
GIF_FPS_MAX = 50.0  # delays count in 1/100 s, and browsers slow down what asks for 1/100
# What makes segments that decode alone, and alike in all rungs of a ladder. libx265 opens groups of pictures by default; both make of a forced
# key frame a plain I frame or not, as they like (forced-idr); and key frames at scene cuts would fall differently in pictures of different size.
# VP9 and AV1 know closed groups only.
SEGMENTED: dict[str, tuple[str, ...]] = {
    "libx264": ("-flags:v", "+cgop", "-sc_threshold", "0", "-forced-idr", "1"),
    "libx265": ("-x265-params", "open-gop=0:scenecut=0", "-forced-idr", "1"),
    "mpeg2video": ("-flags:v", "+cgop", "-sc_threshold", "1000000000"),
    "mpeg4": ("-flags:v", "+cgop", "-sc_threshold", "1000000000"),
}
# libx265 writes its banner and its statistics past ffmpeg's log level
QUIET_X265 = "log-level=error"


@dataclass(frozen=True)
class AudioEncoder:
    """One of our audio codecs and the ffmpeg encoder that makes it. ``kbps``: (least, most, usual) for one channel."""

    name: str
    encoder: str
    stream: str
    sample_rates: tuple[int, ...] | None  # None: any
    channels: tuple[int, ...]
    kbps: tuple[int, int, int] | None  # None: no bitrate can be asked for
    shown_rate: int | None = None  # what ffprobe says of every stream of it


_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # MPEG-1, 2 and 2.5
_UP_TO_8 = (1, 2, 3, 4, 5, 6, 7, 8)
AUDIO: dict[str, AudioEncoder] = {
    # 7 channels need a program config element that players ignore
    "aac": AudioEncoder(
        "AAC", "aac", "aac", (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000), (1, 2, 3, 4, 5, 6, 8), (16, 288, 64)
    ),
    "mp3": AudioEncoder("MP3", "libmp3lame", "mp3", _MP3_RATES, (1, 2), (8, 320, 64)),
    # libvorbis has no managed bitrate above 48 kHz (tried)
    "vorbis": AudioEncoder("Vorbis", "libvorbis", "vorbis", _MP3_RATES, _UP_TO_8, (16, 240, 64)),
    "flac": AudioEncoder("FLAC", "flac", "flac", None, _UP_TO_8, None),
    "ac3": AudioEncoder("AC-3", "ac3", "ac3", (32000, 44100, 48000), (1, 2, 3, 4, 5, 6), (32, 640, 96)),
    # whatever was encoded, Opus is decoded at 48 kHz and says so
    "opus": AudioEncoder("Opus", "libopus", "opus", (8000, 12000, 16000, 24000, 48000), _UP_TO_8, (6, 256, 64), shown_rate=48000),
    "amr": AudioEncoder("AMR-NB", "libopencore_amrnb", "amr_nb", (8000,), (1,), (5, 12, 12)),
    "pcm_s16le": AudioEncoder("PCM 16 bit", "pcm_s16le", "pcm_s16le", None, _UP_TO_8, None),
    "pcm_s24le": AudioEncoder("PCM 24 bit", "pcm_s24le", "pcm_s24le", None, _UP_TO_8, None),
}
# At low sample rates the formats themselves allow less (total kbit/s by sample rate: for all channels of MP3, per channel of the others)
MP3_KBPS_MAX = ((16000, 64), (24001, 160), (10**9, 320))  # rates below the first number: MPEG-2.5 at 8–12 kHz, MPEG-2 up to 24 kHz, MPEG-1
AAC_BITS_PER_SAMPLE = 6.0  # 6,144 bits for 1,024 samples of a channel
VORBIS_KBPS_MAX = ((9000, 40), (16000, 48), (27000, 80), (40000, 160), (10**9, 240))  # libvorbis refuses more at these rates, per channel (tried)
VORBIS_KBPS_MIN = ((16000, 12), (27000, 16), (10**9, 32))  # and less
# Formats with a fixed list of bitrates, for all channels
AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
AMR_KBPS = (4.75, 5.15, 5.9, 6.7, 7.4, 7.95, 10.2, 12.2)

# audio.quality 0–100 (100 is best) as each encoder counts: the values at 0 and at 100, in between a straight line. Codecs that are missing have no such mode.
QUALITY: dict[str, tuple[float, float]] = {
    "aac": (0.1, 2.0),  # the native encoder's -q:a
    "mp3": (9.9, 0.0),  # LAME's V9.9 to V0
    "vorbis": (0.0, 10.0),  # oggenc's -q
}


@dataclass(frozen=True)
class AacProfile:
    """A kind of AAC that fdkaac makes. What it refuses, or makes and nobody decodes, was tried with fdkaac 1.0.0. ``kbps``: per channel."""

    name: str
    number: int  # fdkaac's -p
    stream: str  # ffprobe's profile of the result
    sample_rates: tuple[int, ...]
    channels: tuple[int, ...]
    kbps: tuple[int, int, int]


_FDK_RATES = (22050, 24000, 32000, 44100, 48000)
AAC_PROFILES: dict[str, AacProfile] = {
    "aac_he": AacProfile("HE-AAC", 5, "HE-AAC", (16000, *_FDK_RATES), (1, 2, 4, 5, 6, 8), (8, 64, 32)),
    "aac_he_v2": AacProfile("HE-AAC v2", 29, "HE-AACv2", (16000, *_FDK_RATES), (2,), (8, 32, 16)),
    "aac_ld": AacProfile("AAC-LD", 23, "LD", _FDK_RATES, (1, 2, 4, 5, 6), (16, 160, 64)),
    "aac_eld": AacProfile("AAC-ELD", 39, "ELD", (16000, *_FDK_RATES), (1, 2, 4, 5, 6), (16, 160, 64)),
}

# What ffprobe says of our encoder's pixel format, where it is another one: ProRes 4444 has 12 bit for its decoder, VP9's alpha plane is a stream of its own
SHOWN_PIXELS = {("prores", "yuv444p10le"): "yuv444p12le", ("prores", "yuva444p10le"): "yuva444p12le", ("vp9", "yuva420p"): "yuv420p"}

# Pixel formats whose values fill 0–255: old names of full range. We encode studio range, which every player takes for granted.
FULL_RANGE = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p", "yuvj440p": "yuv444p"}
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})

# The -codec_whitelist takes names of decoders, ffprobe gives names of codecs: equal but for these.
DECODERS: dict[str, tuple[str, ...]] = {
    "mp3": ("mp3float", "mp3"),
    "mp2": ("mp2float", "mp2"),
    "mp1": ("mp1float", "mp1"),
    "av1": ("libdav1d", "av1"),  # the native one only drives hardware
    "amr_nb": ("amrnb",),
    "amr_wb": ("amrwb",),
    "dts": ("dca",),
    "flv1": ("flv",),
    "msmpeg4v3": ("msmpeg4",),
    "adpcm_g722": ("g722",),
    "adpcm_g726": ("g726",),
    "adpcm_g726le": ("g726le",),
    "wavpack": ("wavpack",),
    "ra_144": ("real_144",),
    "ra_288": ("real_288",),
    "vp6f": ("vp6f",),
    "subrip": ("subrip", "srt"),
    "ass": ("ass", "ssa"),
    "hdmv_pgs_subtitle": ("pgssub",),
    "dvd_subtitle": ("dvdsub",),
    "dvb_subtitle": ("dvbsub",),
    "eia_608": ("cc_dec",),
    "musepack7": ("mpc7",),
    "musepack8": ("mpc8",),
    "mp4als": ("als",),
    "avs3": ("libuavs3d",),
    "avs2": ("libdavs2",),
    "jpegxl": ("libjxl",),
}


def decoders(codec: str) -> tuple[str, ...]:
    """Decoder names of an ffprobe codec name."""
    return DECODERS.get(codec, (codec,))


def nearest(value: int, allowed: tuple[int, ...]) -> int:
    """The allowed value nearest to this one; of two equally near the larger (nothing is lost)."""
    return min(allowed, key=lambda a: (abs(a - value), -a))


def limit(table: tuple[tuple[int, int], ...], sample_rate: int) -> int:
    """Look up a table of (rates below this, kbit/s)."""
    return next(kbps for below, kbps in table if sample_rate < below)
