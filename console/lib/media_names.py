"""What codecs and containers are called on pages, by the names that ffprobe has for them. Pure."""

from __future__ import annotations

from jobs.engine.codecs import AUDIO, VIDEO

CODECS: dict[str, str] = {
    **{row.stream: row.name for row in VIDEO.values()},
    **{row.stream: row.name for row in AUDIO.values()},
    "subrip": "SRT",
    "mov_text": "MP4 text",
    "webvtt": "WebVTT",
    "ass": "ASS",
    "mjpeg": "JPEG",
    "png": "PNG",
    "mpeg2video": "MPEG-2",
    "mpeg4": "MPEG-4",
    "alac": "ALAC",
    "dts": "DTS",
}
CONTAINERS = {
    "mov,mp4,m4a,3gp,3g2,mj2": "MP4 / MOV",
    "matroska,webm": "Matroska / WebM",
    "mpegts": "MPEG-TS",
    "mpeg": "MPEG-PS",
    "hls": "HLS",
    "dash": "DASH",
    "flv": "FLV",
    "avi": "AVI",
    "asf": "ASF",
    "mp3": "MP3",
    "flac": "FLAC",
    "wav": "WAV",
    "ogg": "Ogg",
    "gif": "GIF",
}


def codec_name(name: str) -> str:
    """«H.264» for h264; a name that is not known stays as it is."""
    return CODECS.get(name, name)


def container_name(name: str) -> str:
    """«MP4 / MOV» for ffprobe's list of all that its reader opens."""
    return CONTAINERS.get(name, name)
