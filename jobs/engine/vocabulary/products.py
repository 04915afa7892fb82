"""What the four products call each field, and what they do where nothing is said. Data only: for the docs, and for whoever translates.

MPS: objects of a template or an output. IMM: below ``Targets[]`` of CreateMediaConvertTask (``TV`` stands for Video.TranscodeVideo, ``TA`` for
Audio.TranscodeAudio). IMS: below ``OverrideParams``. OSS: parameters of ``video/convert``. «–»: the product has no such field.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """One field in the words of each product."""

    mps: str = "–"
    imm: str = "–"
    ims: str = "–"
    oss: str = "–"


def _mps(name: str, imm: str = "–", oss: str = "–") -> Names:
    """IMS took its objects over from MPS."""
    return Names(name, imm, name, oss)


NAMES: dict[str, Names] = {
    "container.format": _mps("Container.Format", "Container, Segment.Format", "f, segment/f"),
    "video.remove": _mps("Video.Remove", "Video.DisableVideo", "vn"),
    "video.codec": _mps("Video.Codec", "TV.Codec", "vcodec"),
    "video.profile": _mps("Video.Profile"),
    "video.preset": _mps("Video.Preset"),
    "video.rate_control": _mps("TransConfig.TransMode"),
    "video.passes": _mps("TransConfig.TransMode"),
    "video.crf": _mps("Video.Crf", "TV.CRF", "crf"),
    "video.bitrate_kbps": _mps("Video.Bitrate", "TV.Bitrate (bit/s)", "vb (bit/s)"),
    "video.bitrate_min_kbps": _mps("Video.BitrateBnd.Min"),
    "video.bitrate_max_kbps": Names("Video.BitrateBnd.Max", "–", "Video.BitrateBnd.Max, Video.AbrMax", "–"),
    "video.maxrate_kbps": _mps("Video.Maxrate", "TV.MaxBitrate (bit/s)", "maxrate (bit/s)"),
    "video.bufsize_kbit": _mps("Video.Bufsize", "TV.BufferSize (bit)", "bufsize (bit)"),
    "video.width": _mps("Video.Width", "TV.Resolution", "s"),
    "video.height": _mps("Video.Height", "TV.Resolution", "s"),
    "video.follow_orientation": _mps("Video.LongShortMode", "TV.AdaptiveResolutionDirection", "arotate"),
    "video.scale_type": _mps("TransConfig.AdjDarMethod", "TV.ScaleType", "scaletype"),
    "video.fps": _mps("Video.Fps", "TV.FrameRate", "fps"),
    "video.gop": _mps("Video.Gop", "TV.GOPSize", "g"),
    "video.gop_seconds": _mps("Video.Gop (10s)"),
    "video.bframes": Names(imm="TV.BFrames"),
    "video.refs": Names(imm="TV.Refs"),
    "video.scan": _mps("Video.ScanMode"),
    "video.pixel_format": _mps("Video.PixFmt", "TV.PixelFormat", "pixfmt"),
    "video.crop": _mps("Video.Crop"),
    **{f"video.crop.{side}": _mps("in Video.Crop, w:h:l:t") for side in ("width", "height", "left", "top")},
    "video.pad": _mps("Video.Pad"),
    **{f"video.pad.{side}": _mps("in Video.Pad, w:h:l:t") for side in ("width", "height", "left", "top")},
    "video.rotate": Names("Rotate", "TV.Rotation", "Video.Rotate", "–"),
    "video.hdr": _mps("Video.Hdr2sdr"),
    "video.narrowband": _mps("Video.NarrowBand"),
    "video.narrowband.method": _mps("Video.NarrowBand.Version"),
    "audio.remove": _mps("Audio.Remove", "Audio.DisableAudio", "an"),
    "audio.codec": _mps("Audio.Codec", "TA.Codec", "acodec"),
    "audio.profile": _mps("Audio.Profile"),
    "audio.sample_rate": _mps("Audio.Samplerate", "TA.SampleRate", "ar"),
    "audio.channels": _mps("Audio.Channels", "TA.Channel", "ac"),
    "audio.bitrate_kbps": _mps("Audio.Bitrate", "TA.Bitrate (bit/s)", "ab (bit/s)"),
    "audio.quality": Names("Audio.Qscale", "TA.Quality", "–", "aq"),
    "audio.bit_depth": Names(imm="TA.BitsPerSample", oss="adepth"),
    "audio.volume_db": _mps("Audio.Volume.Level (linear)"),
    "audio.loudness": _mps("Audio.Volume (dynamic)"),
    "audio.mix": Names("Amix", "Audio.FilterAudio.Mixing", "–", "–"),
    "audio.mix_streams": Names("–", "Audio.Stream (with Mixing)", "–", "–"),
    "audios": Names("AudioStreamMap", "Audio.Stream", "Audios", "–"),
    "audios.input": Names(ims="Audios[].InputRef"),
    "audios.language_control": Names(ims="Audios[].LanguageControl"),
    "audios.language": Names(ims="Audios[].Language"),
    "subtitle.remove": Names(imm="Subtitle.DisableSubtitle", oss="sn"),
    "subtitle.streams": Names("SubtitleConfig.SubtitleList[].Map", "Subtitle.Stream"),
    "subtitle.files": Names("SubtitleConfig.ExtSubtitleList", "Sources[].Subtitles", "Subtitles", "–"),
    "subtitle.files.address": Names("ExtSubtitleList[].Input", "Subtitles[].URI", "Subtitles[].OverwriteParams.File", "–"),
    "subtitle.files.charset": Names("ExtSubtitleList[].CharEnc", "–", "Subtitles[].OverwriteParams.CharEnc", "–"),
    "subtitle.files.language": Names(imm="Subtitles[].Language"),
    "subtitle.files.font": Names("ExtSubtitleList[].FontName"),
    "subtitle.files.offset_seconds": Names(imm="Subtitles[].TimeOffset"),
    "edit.start": Names("Clip.TimeSpan.Seek", "Sources[].StartTime", "–", "ss (ms)"),
    "edit.duration": Names("Clip.TimeSpan.Duration", "Sources[].Duration", "–", "t (ms)"),
    "edit.end": Names("Clip.TimeSpan.End"),
    "edit.clip_first_part": Names("Clip.ConfigToClipFirstPart"),
    "edit.before": Names(imm="Sources[] before AlignmentIndex", oss="video/concat pre"),
    "edit.after": Names("MergeList", "Sources[]", "–", "video/concat sur"),
    "edit.after.address": Names("MergeList[].MergeURL", "Sources[].URI"),
    "edit.after.start": Names("MergeList[].Start", "Sources[].StartTime"),
    "edit.after.duration": Names("MergeList[].Duration", "Sources[].Duration"),
    "edit.after_list": Names("MergeConfigUrl"),
    "edit.openings": Names("OpeningList"),
    "edit.openings.address": Names("OpeningList[].OpenUrl"),
    "edit.openings.start": Names("OpeningList[].Start"),
    "edit.openings.width": Names("OpeningList[].Width"),
    "edit.openings.height": Names("OpeningList[].Height"),
    "edit.tails": Names("TailSlateList"),
    "edit.tails.address": Names("TailSlateList[].TailUrl"),
    "edit.tails.start": Names("TailSlateList[].Start"),
    "edit.tails.width": Names("TailSlateList[].Width"),
    "edit.tails.height": Names("TailSlateList[].Height"),
    "edit.tails.blend_seconds": Names("TailSlateList[].BlendDuration"),
    "edit.tails.keep_audio": Names("TailSlateList[].IsMergeAudio"),
    "edit.tails.background": Names("TailSlateList[].BgColor"),
    "edit.speed": Names(imm="Video.FilterVideo.Speed"),
    "watermarks": Names("WaterMarks", "Video.FilterVideo.Watermarks", "ImageWatermarks, TextWatermarks", "–"),
    "watermarks.template": Names("WaterMarks[].WaterMarkTemplateId", "–", "ImageWatermarks[].TemplateId", "–"),
    "watermarks.image": Names("WaterMarks[].InputFile", "Watermarks[].URI", "OverwriteParams.File", "–"),
    "watermarks.text": Names("WaterMarks[].TextWaterMark", "Watermarks[].Content, Font…", "OverwriteParams.Content, Font…", "–"),
    "watermarks.text.content": Names("TextWaterMark.Content (Base64)", "Content", "OverwriteParams.Content", "–"),
    "watermarks.text.font": Names("TextWaterMark.FontName", "FontName", "OverwriteParams.FontName", "–"),
    "watermarks.text.size": Names("TextWaterMark.FontSize", "FontSize", "OverwriteParams.FontSize", "–"),
    "watermarks.text.color": Names("TextWaterMark.FontColor", "FontColor", "OverwriteParams.FontColor", "–"),
    "watermarks.text.opacity": Names("TextWaterMark.FontAlpha", "FontApha", "OverwriteParams.FontAlpha", "–"),
    "watermarks.text.outline_width": Names("TextWaterMark.BorderWidth", "BorderWidth", "OverwriteParams.BorderWidth", "–"),
    "watermarks.text.outline_color": Names("TextWaterMark.BorderColor", "BorderColor", "OverwriteParams.BorderColor", "–"),
    "watermarks.corner": Names("ReferPos", "ReferPos", "ReferPos", "–"),
    "watermarks.dx": Names("Dx", "Dx", "Dx", "–"),
    "watermarks.dy": Names("Dy", "Dy", "Dy", "–"),
    "watermarks.width": Names("Width", "Width", "Width", "–"),
    "watermarks.height": Names("Height", "Height", "Height", "–"),
    "watermarks.start": Names("Timeline.Start", "StartTime", "Timeline.Start", "–"),
    "watermarks.duration": Names("Timeline.Duration", "Duration", "Timeline.Duration", "–"),
    "delogos": Names("DeWatermark", "Video.FilterVideo.Delogos"),
    "delogos.corner": Names(imm="Delogos[].ReferPos"),
    "delogos.dx": Names("DeWatermark: L", "Delogos[].Dx"),
    "delogos.dy": Names("DeWatermark: T", "Delogos[].Dy"),
    "delogos.width": Names("DeWatermark: W", "Delogos[].Width"),
    "delogos.height": Names("DeWatermark: H", "Delogos[].Height"),
    "delogos.start": Names("DeWatermark: its times (ms)", "Delogos[].StartTime"),
    "delogos.duration": Names("–", "Delogos[].Duration"),
    "mux.segment_seconds": _mps("MuxConfig.Segment.Duration", "Segment.Duration", "segment/t (ms)"),
    "mux.segment_format": Names(ims="Container.Format hls-fmp4"),
    "mux.cut_times": _mps("MuxConfig.Segment.ForceSegTime"),
    "mux.start_number": Names(imm="Segment.StartNumber"),
    "mux.loop": _mps("MuxConfig.Gif.Loop, MuxConfig.Webp.Loop"),
    "mux.final_delay_cs": _mps("MuxConfig.Gif.FinalDelay"),
    "mux.dither": _mps("MuxConfig.Gif.DitherMode"),
    "mux.strip_metadata": Names(imm="StripMetadata"),
    "encryption": Names("Encryption", "–", "Encryption", "–"),
    "encryption.method": Names("Encryption.Type", "–", "Encryption.EncryptType", "–"),
    "encryption.key": Names("Encryption.Key (Base64)", "–", "Encryption.CipherText", "–"),
    "encryption.key_uri": Names("Encryption.KeyUri (Base64)", "–", "Encryption.DecryptKeyUri", "–"),
    "conditions.if_smaller": _mps("TransConfig.IsCheckReso, IsCheckResoFail", "TV.ResolutionOption", "sopt"),
    "conditions.if_lower_video_bitrate": _mps("TransConfig.IsCheckVideoBitrate, IsCheckVideoBitrateFail", "TV.BitrateOption", "vbopt"),
    "conditions.if_lower_audio_bitrate": _mps("TransConfig.IsCheckAudioBitrate, IsCheckAudioBitrateFail", "TA.BitrateOption", "abopt"),
    "conditions.if_lower_fps": Names(imm="TV.FrameRateOption", oss="fpsopt"),
}


@dataclass(frozen=True)
class Default:
    """What holds where a field is not said: natively, and in each product where it differs (the dialects say it then)."""

    field: str
    native: str
    mps: str = ""
    imm: str = ""
    ims: str = ""
    oss: str = ""


DEFAULTS: tuple[Default, ...] = (
    Default("video.codec", "the container's usual codec", "H.264", "copy", "the template's", "copy"),
    Default("audio.codec", "the container's usual codec", "AAC", "copy", "the template's", "copy"),
    Default("copy with other fields of the stream", "refused", "refused", "ignored, with a warning", "refused", "ignored, with a warning"),
    Default("video.rate_control", "abr in one pass where a bitrate is given, else crf", "onepass", "crf", "onepass", "crf"),
    Default("video.crf", "23 (H.264), 26 (H.265), 31 (VP9), 30 (AV1)", "26", "23", "26", "23"),
    Default("crf with a bitrate", "refused", "crf holds", "refused", "crf holds", "refused"),
    Default("video.bufsize_kbit", "2 × maxrate", "6000", "2 × maxrate", "6000", "2 × maxrate"),
    Default("video.gop", "250 frames, or what the segment length asks for", "250 frames", "150 frames", "250 frames", "250 frames"),
    Default("video.bframes, video.refs", "the encoder's choice", "", "3, 2", "", ""),
    Default("video.scale_type", "stretch", "stretch (rescale)", "stretch", "stretch (rescale)", "stretch"),
    Default("video.fps", "the source's own timing", "the source's, at most 60", "the source's", "the source's, at most 60", "the source's"),
    Default("video.pixel_format unknown", "refused", "as if not said", "refused", "as if not said", "refused"),
    Default("audio.sample_rate", "the source's, or the nearest that the codec allows", "44100", "the source's", "44100", "the source's"),
    Default("audio.channels", "the source's, or the nearest that the codec allows", "2", "the source's", "2", "the source's"),
    Default("audio.bitrate_kbps", "the codec's usual for these channels", "128", "the codec's usual", "128", "the codec's usual"),
    Default("audio.bit_depth with another codec than flac", "refused", "", "ignored", "", "ignored"),
    Default("conditions.if_smaller", "keep (in our presets too)", "convert", "convert", "convert", "convert"),
    Default("conditions.if_lower_video_bitrate", "convert", "convert", "convert", "convert", "convert"),
    Default("conditions.if_lower_audio_bitrate", "convert", "convert (keep where the codecs are equal)", "convert", "convert", "convert"),
    Default("conditions.if_lower_fps", "keep", "", "convert", "", "convert"),
    Default("mux.segment_seconds", "10 (1–60)", "10 (1–60)", "10", "10 (1–60)", "10 (0–3600; 0: one segment)"),
    Default("names of segments", "unlike in every attempt", "-00001.ts …", "-0.ts …", "-00001.ts …", "-0.ts …"),
    Default("watermarks[].corner", "top_right", "TopRight", "topleft", "TopRight", ""),
    Default("watermarks[].width and height", "0.12 of the output's width", "0.12 of the output's width", "the image's own", "0.12 of the output's width", ""),
    Default("delogos[].method", "mosaic", "blur", "mosaic", "", ""),
)
