"""The seven requests of the product text on transcoding with IMM, as an integrator writes them: dictionaries for ``CreateMediaConvertTaskRequest``."""

from __future__ import annotations

from typing import Any

FILE = "oss://test-bucket/video-demo/Shushan Commercial Building"


def request(*targets: dict[str, Any], source: dict[str, Any] | None = None, suffix: str = "mov") -> dict[str, Any]:
    """A request for these targets."""
    return {
        "ProjectName": "test-project",
        "Notification": {"MNS": {"TopicName": "test-mns-topic"}},
        "Sources": [{"URI": f"{FILE}.{suffix}", **(source or {})}],
        "Targets": list(targets),
    }


def aac(bitrate: int) -> dict[str, Any]:
    """Stereo at 44.1 kHz."""
    return {"TranscodeAudio": {"Bitrate": bitrate, "Channel": 2, "Codec": "aac", "SampleRate": 44100}}


def h264(**values: Any) -> dict[str, Any]:
    """H.264 in 4:2:0."""
    return {"TranscodeVideo": {"Codec": "h264", "PixelFormat": "yuv420p", **values}}


def rung(resolution: str, crf: int, fps: int, bitrate: int) -> dict[str, Any]:
    """One of the three HLS outputs."""
    picture = {"AdaptiveResolutionDirection": True, "CRF": crf, "FrameRate": fps, "FrameRateOption": "adaptive", "Resolution": resolution}
    return {
        "Audio": aac(bitrate),
        "Container": "ts",
        "Segment": {"Duration": 10, "Format": "hls"},
        "URI": f"{FILE}-{{resolution}}.{{autoext}}",
        "Video": h264(**picture, ResolutionOption="adaptive", ScaleType="fit"),
    }


LOGO = {"Dx": 0.05, "Dy": 0.1, "ReferPos": "topleft", "Type": "file", "URI": "oss://test-bucket/video-demo/aliyun.png", "Width": 0.1}
TEXT = {
    "Content": "Intelligent Media Management", "Dx": 0.05, "Dy": 0.1, "FontColor": "#FFFFFF", "FontSize": 100, "ReferPos": "bottomright", "Type": "text",
}  # fmt: skip
AREAS = [
    {"Dx": 0.05, "Dy": 0.1, "Height": 0.1, "ReferPos": "topleft", "Width": 0.1},
    {"Dx": 0.05, "Dy": 0.1, "Height": 100, "ReferPos": "bottomright", "Width": 600},
]
MP4 = request({"Audio": aac(96000), "Container": "mp4", "URI": f"{FILE}.mp4", "Video": h264(CRF=24)})
HLS_H265 = request(
    {
        "Audio": aac(128000),
        "Container": "ts",
        "Segment": {"Duration": 10, "Format": "hls"},
        "URI": f"{FILE}.{{autoext}}",
        "Video": {
            "TranscodeVideo": {
                "AdaptiveResolutionDirection": True, "CRF": 24, "Codec": "h265", "FrameRate": 30, "FrameRateOption": "adaptive", "PixelFormat": "yuv420p",
                "Resolution": "1920x1080", "ResolutionOption": "adaptive", "ScaleType": "fit",
            }
        },
    }
)  # fmt: skip
THREE_RUNGS = request(rung("x1080", 25, 30, 256000), rung("x720", 26, 30, 128000), rung("x480", 28, 25, 96000))
MARKS = request(
    {
        "Audio": aac(256000),
        "Container": "mp4",
        "URI": f"{FILE}.{{autoext}}",
        "Video": {"FilterVideo": {"Delogos": [], "Watermarks": [LOGO, TEXT]}, **h264(CRF=25)},
    }
)
CLIP = request(
    {"Audio": aac(96000), "Container": "flv", "URI": f"{FILE}.{{autoext}}", "Video": h264(Bitrate=1_000_000)}, source={"Duration": 10, "StartTime": 5}
)
REMUX = request({"Container": "mp4", "URI": f"{FILE}.{{autoext}}"})
MOSAIC = request(
    {"Audio": aac(96000), "Container": "mp4", "URI": f"{FILE}-mosaic.{{autoext}}", "Video": {"FilterVideo": {"Delogos": AREAS}, **h264(CRF=24)}}, suffix="mp4"
)
