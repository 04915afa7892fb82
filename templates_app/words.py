"""What people read of each parameter: label, help, unit, and when it makes sense. Limits and choices come from the engine.

Keys are «Model.field» of the engine's vocabulary; a model that inherits from another one takes its words too. ``when`` is read by
editor.js, which hides what makes no sense: «name=value,value;name=…», all must hold («!=»: none of these values); a codec that is not said counts as the container's usual
one; a name that begins with a dot is a neighbour in the same group or row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from jobs.engine.containers import CONTAINERS, TEXTS
from jobs.engine.subtitles import TEXT_TRACKS

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as Text

    from jobs.engine.types import Strict


@dataclass(frozen=True)
class Shown:
    """One parameter. ``time``: a number of seconds that may be written hh:mm:ss.mmm; ``one``: what a single row of a list is called; ``look``: what
    stands beside it: a slider, a button that swaps it with the height, or a picture of each choice."""

    label: Text | str
    help: Text | str = ""
    unit: Text | str = ""
    when: str = ""
    time: bool = False
    one: Text | str = ""
    look: Literal["", "slider", "swap", "pictures"] = ""


_PICTURE = "kind=video,image;video.remove=;video.codec=h264,h265,vp9,av1,mpeg2,mpeg4,prores,gif,webp"
_MOVIE = "kind=video;video.remove=;video.codec=h264,h265,vp9,av1,mpeg2,mpeg4,prores"
_RATED = "kind=video;video.remove=;video.codec=h264,h265,vp9,av1,mpeg2,mpeg4"
_CRF = "kind=video;video.remove=;video.codec=h264,h265,vp9,av1;video.rate_control=,crf"
_BITRATE = "kind=video;video.remove=;video.codec=h264,h265,vp9,av1,mpeg2,mpeg4;video.rate_control=,abr,vbr,cbr"
_NARROW = "kind=video;video.remove=;video.codec=h264,h265,av1"
_H26X = "kind=video;video.remove=;video.codec=h264,h265"
_SOUND = "audio.remove=;audio.codec=aac,mp3,vorbis,flac,ac3,opus,amr,pcm_s16le,pcm_s24le"
_LOSSY = "audio.remove=;audio.codec=aac,mp3,vorbis,ac3,opus,amr"
_STREAMED = "container.format=hls,dash,cmaf"
_CUT_PICTURE = f"{_STREAMED};video.remove=;video.codec!=copy"
_TWICE = "kind=video;video.remove=;video.codec=h264,h265,vp9,mpeg2,mpeg4;video.rate_control=,abr,vbr"
_NO_TEXT = "container.format!=" + ",".join(TEXTS)
_NO_COPY = "video.codec!=copy;audio.codec!=copy"
_KEEPS_TEXTS = "subtitle.remove=;container.format=" + ",".join(name for name, row in CONTAINERS.items() if row.subtitles or name in TEXTS)
_TAKES_TEXTS = "container.format=" + ",".join(name for name, row in CONTAINERS.items() if row.video or name in TEXT_TRACKS or name in TEXTS)
_NOT_SAID_SOURCE = _("Not said: the source's, or the nearest that the codec allows.")

VIDEO: dict[str, Shown] = {
    "Video.remove": Shown(_("Drop video"), _("The output has no picture."), when="kind=video,remux;video.remove=,on"),
    "Video.codec": Shown(_("Video codec"), _("Not said: the container's usual codec. copy takes the stream as it is."), when="kind=video,image;video.remove="),
    "Video.profile": Shown(
        _("Profile"),
        _("H.264: baseline plays on the oldest phones, high is the smallest. H.265: main or main10. ProRes: proxy to 4444."),
        when="kind=video;video.remove=;video.codec=h264,h265,prores",
    ),
    "Video.level": Shown(_("Level"), _("The most that a player must be able to do. Not said: the encoder's choice."), when=_H26X),
    "Video.preset": Shown(_("Speed preset"), _("Slower makes smaller files. Not said: medium."), when="kind=video;video.remove=;video.codec=h264,h265,vp9,av1"),
    "Video.rate_control": Shown(
        _("Rate control"), _("Constant quality (CRF), average (ABR), variable up to a peak (VBR) or constant bitrate (CBR)."), when=_RATED
    ),
    "Video.passes": Shown(
        _("Passes"),
        _("2: analyse first, then encode. Takes twice the time; needs a bitrate."),
        when=_TWICE,
    ),
    "Video.crf": Shown(
        _("CRF"), _("Constant quality, 0 to 51 (VP9, AV1: 63). Advised 23 to 29; 6 more or less is about half or double the size."), when=_CRF, look="slider"
    ),
    "Video.bitrate_kbps": Shown(_("Average bitrate"), _("Give CRF or bitrate, not both."), "kbit/s", when=_BITRATE),
    "Video.bitrate_min_kbps": Shown(_("Lowest average bitrate"), _("Where the source's own bitrate is kept."), "kbit/s", when=_BITRATE),
    "Video.bitrate_max_kbps": Shown(_("Highest average bitrate"), _("Where the source's own bitrate is kept."), "kbit/s", when=_BITRATE),
    "Video.maxrate_kbps": Shown(_("Peak bitrate"), _("Not below the average bitrate."), "kbit/s", when=_RATED),
    "Video.bufsize_kbit": Shown(_("Buffer"), _("Needs a peak bitrate. Not said: 2 × peak."), "kbit", when=_RATED),
    "Video.width": Shown(_("Width"), _("One side given keeps the ratio; none keeps the source's size."), "px", when=_PICTURE, look="swap"),
    "Video.height": Shown(_("Height"), _("One side given keeps the ratio; none keeps the source's size."), "px", when=_PICTURE),
    "Video.short_side": Shown(_("Short side"), _("Instead of width and height: portrait sources keep their orientation."), "px", when=_PICTURE),
    "Video.long_side": Shown(_("Long side"), _("Instead of width and height: portrait sources keep their orientation."), "px", when=_PICTURE),
    "Video.follow_orientation": Shown(_("Turn with the source"), _("Width means the long side and height the short side."), when=_PICTURE),
    "Video.scale_type": Shown(_("Fit"), _("With both sides given. Not said: stretch."), when=_PICTURE, look="pictures"),
    "Video.fps": Shown(_("Frame rate"), _("Not said or 0: the source's own timing."), "fps", when=_PICTURE),
    "Video.max_fps": Shown(_("Upper bound of the frame rate"), _("Where no frame rate is given."), "fps", when=_PICTURE),
    "Video.gop": Shown(_("Keyframe interval"), _("Not said: 250, or what the segment length asks for."), _("frames"), when=_RATED),
    "Video.gop_seconds": Shown(_("Keyframe interval in seconds"), _("Instead of frames. Best a whole part of the segment length."), "s", when=_RATED),
    "Video.closed_gop": Shown(_("Closed groups"), _("No frame refers across a key frame. Not said: yes with segments."), when=_RATED),
    "Video.bframes": Shown(
        _("B-frames"), _("Most in a row. Not said: the encoder's choice."), when="kind=video;video.remove=;video.codec=h264,h265,mpeg2,mpeg4"
    ),
    "Video.refs": Shown(_("Reference frames"), _("Not said: the encoder's choice."), when=_H26X),
    "Video.scan": Shown(_("Scan mode"), _("Progressive deinterlaces interlaced sources. Not said: as the source is."), when=_MOVIE),
    "Video.pixel_format": Shown(_("Pixel format"), _("Not said: the source's if codec and profile can, else yuv420p."), when=_MOVIE),
    "Video.crop": Shown(_("Crop"), _("Cut out a part of the upright source before scaling. Automatic: black borders go."), when=_PICTURE),
    "Video.pad": Shown(_("Pad"), _("Put the scaled picture on a larger one. Automatic: black borders up to 16:9, upright 9:16."), when=_PICTURE),
    "Video.rotate": Shown(
        _("Rotate"), _("Clockwise, after the source was turned upright. Other angles than 90, 180 and 270 fill the corners with black."), "°", when=_PICTURE
    ),
    "Video.flip": Shown(_("Mirror"), when=_PICTURE),
    "Video.deinterlace": Shown(_("Deinterlace"), _("Automatic looks at the fields and works where they differ. Not said: never."), when=_PICTURE),
    "Video.denoise": Shown(_("Remove noise"), _("Before scaling; noisy sources get smaller files."), when=_PICTURE),
    "Video.sharpen": Shown(_("Sharpen"), _("After scaling."), when=_PICTURE),
    "Video.hdr": Shown(_("HDR sources"), _("Keep them in 10 bit, or tone-map to SDR. Not said: keep where codec and pixel format can."), when=_PICTURE),
    "Video.narrowband": Shown(
        _("Narrowband"), _("The same quality with fewer bits; never larger than without. Needs an average or a peak bitrate."), when=_NARROW
    ),
    "Narrowband.method": Shown(_("Version"), _("1: one look at the input, hardly slower. 2: searches for the target shot by shot, saves most.")),
    "Narrowband.target": Shown(_("Quality target"), _("VMAF from 80 to 98; 93 looks like the source to most people.")),
    "Narrowband.measure_twin": Shown(
        _("Measure the regular output too"), _("Encodes it once more for the certificate. Otherwise its size is estimated from the same probes.")
    ),
    "Box.width": Shown(_("Width"), unit="px"),
    "Box.height": Shown(_("Height"), unit="px"),
    "Box.left": Shown(_("From the left"), unit="px"),
    "Box.top": Shown(_("From the top"), unit="px"),
    "Canvas.width": Shown(_("Width"), unit="px"),
    "Canvas.height": Shown(_("Height"), unit="px"),
    "Canvas.left": Shown(_("From the left"), _("Not said: centred."), "px"),
    "Canvas.top": Shown(_("From the top"), _("Not said: centred."), "px"),
    "Canvas.color": Shown(_("Colour"), _("#RRGGBB or a name, for example white.")),
}

AUDIO: dict[str, Shown] = {
    "Audio.remove": Shown(_("Drop audio"), _("The output has no sound."), when="kind=video,audio,remux;audio.remove=,on"),
    "Audio.codec": Shown(_("Audio codec"), _("Not said: the container's usual codec. copy takes the stream as it is."), when="kind=video,audio;audio.remove="),
    "Audio.profile": Shown(_("AAC profile"), _("Not said: aac_low. The others need a worker with fdkaac."), when="audio.remove=;audio.codec=aac"),
    "Audio.sample_rate": Shown(_("Sample rate"), _NOT_SAID_SOURCE, "Hz", when=_SOUND),
    "Audio.channels": Shown(_("Channels"), _NOT_SAID_SOURCE, when=_SOUND),
    "Audio.bitrate_kbps": Shown(_("Audio bitrate"), _("Not said: what is usual for the codec and channels."), "kbit/s", when=_LOSSY),
    "Audio.quality": Shown(_("Audio quality"), _("0 to 100, 100 is best; instead of a bitrate."), when="audio.remove=;audio.codec=aac,mp3,vorbis"),
    "Audio.bit_depth": Shown(_("Bit depth"), _("Not said: the source's, at most 24."), _("bits"), when="audio.remove=;audio.codec=flac"),
    "Audio.volume_db": Shown(_("Volume"), _("Louder or quieter by this much. Not with loudness."), "dB", when=_SOUND),
    "Audio.loudness": Shown(_("Loudness (EBU R128)"), _("Measured first, then brought to the target in one gain."), when=_SOUND),
    "Audio.mix": Shown(_("Mix all audio streams"), _("All audio streams of the input become one track."), when=_SOUND),
    "Audio.mix_streams": Shown(_("Mix only these streams"), _("Numbers with commas, counted from 0."), when=_SOUND),
    "Loudness.integrated_lufs": Shown(_("Target loudness"), _("-23 for television, -16 or -14 for the web."), "LUFS"),
    "Loudness.true_peak_db": Shown(_("Highest true peak"), unit="dBTP"),
    "Loudness.range_lu": Shown(_("Loudness range"), unit="LU"),
    "AudioTrack.input": Shown(_("Input"), _("Name of a further input or of an audio selector. Not said: the job's input.")),
    "AudioTrack.stream": Shown(_("Audio stream"), _("Counted from 0. Not said: the first.")),
    "AudioTrack.select_language": Shown(_("Choose by language"), _("The first audio stream with this language, instead of a number.")),
    "AudioTrack.language_control": Shown(_("Language of the track"), _("Not said: the given one, else the source's.")),
    "AudioTrack.language": Shown(_("Language"), _("ISO 639-2, three letters: eng, zho, jpn … und.")),
    "AudioTrack.title": Shown(_("Title"), _("Name of the track in players.")),
    "AudioTrack.default": Shown(_("Default track"), _("Players begin with it. Not said: the first track.")),
    "Subtitle.remove": Shown(_("Drop subtitles"), _("Otherwise those that the container can hold are kept."), when=_NO_TEXT),
    "Subtitle.streams": Shown(_("Keep only these streams"), _("Numbers with commas, counted from 0. Not said: all."), when=_KEEPS_TEXTS),
    "Subtitle.languages": Shown(_("Keep only these languages"), _("Codes with commas: eng, zho."), when=_KEEPS_TEXTS),
    "Subtitle.burn_stream": Shown(_("Draw a stream into the picture"), _("A subtitle stream of the input, counted from 0."), when=_PICTURE),
    "Subtitle.files": Shown(_("Subtitle files"), _("SRT, ASS, SSA or WebVTT beside the input."), when=_TAKES_TEXTS, one=_("Subtitle file")),
    "SubtitleFile.address": Shown(_("File"), _("Use .srt, .ass, .ssa or .vtt.")),
    "SubtitleFile.charset": Shown(_("Charset"), _("auto may guess wrong.")),
    "SubtitleFile.language": Shown(_("Language"), _("ISO 639-2, three letters. Not said: und.")),
    "SubtitleFile.title": Shown(_("Title"), _("Name of the track in players.")),
    "SubtitleFile.default": Shown(_("Shown by default"), _("Without being asked for."), when=".burn="),
    "SubtitleFile.burn": Shown(_("Draw into the picture"), _("Instead of a track of its own.")),
    "SubtitleFile.font": Shown(_("Font"), _("Of the worker. Not said: one that has the characters."), when=".burn=on"),
    "SubtitleFile.offset_seconds": Shown(_("Shift all times"), _("Later, or with a minus earlier."), "s"),
}

EDIT: dict[str, Shown] = {
    "Edit.start": Shown(_("Clip from"), _("hh:mm:ss.mmm or seconds. Empty: from the beginning."), time=True),
    "Edit.duration": Shown(_("Clip length"), _("Empty or 0: to the end."), time=True),
    "Edit.end": Shown(_("Cut off the end"), _("How much is left out at the end; instead of a length."), time=True),
    "Edit.clip_first_part": Shown(
        _("Cut before joining"), _("The clip is cut out of the input alone. Otherwise out of the whole after joining."), when=f"{_NO_TEXT};{_NO_COPY}"
    ),
    "Edit.before": Shown(_("Join before"), _("Put before the job's input, in this order."), when=_NO_TEXT, one=_("Joined file")),
    "Edit.after": Shown(_("Join after"), _("Put after the job's input, in this order."), when=_NO_TEXT, one=_("Joined file")),
    "Edit.after_list": Shown(_("List of parts"), _("A JSON object with a MergeList of up to 100 parts, instead of the rows above."), when=_NO_TEXT),
    "Edit.openings": Shown(_("Openings"), _("Clips shown over the beginning."), when=_PICTURE, one=_("Opening")),
    "Edit.tails": Shown(_("Tails"), _("Clips that follow the end."), when=f"{_PICTURE};audio.codec!=copy", one=_("Tail")),
    "Edit.speed": Shown(_("Playback speed"), _("2 is twice as fast; picture and sound. Not said: 1."), "×", when=_NO_COPY),
    "JoinPart.address": Shown(_("File")),
    "JoinPart.start": Shown(_("From"), _("Empty: from the beginning."), time=True),
    "JoinPart.duration": Shown(_("Length"), _("Empty: to the end."), time=True),
    "Slate.address": Shown(_("File")),
    "Slate.start": Shown(_("Start"), _("Opening: when it appears. Tail: where in the clip it begins."), time=True),
    "Slate.width": Shown(_("Width"), _("px, own (the clip's own) or full (the output's).")),
    "Slate.height": Shown(_("Height"), _("px, own (the clip's own) or full (the output's).")),
    "Slate.blend_seconds": Shown(_("Cross-fade"), _("Tail: from the last picture."), "s"),
    "Slate.keep_audio": Shown(_("Sound of the clip"), _("Tail: its sound is heard.")),
    "Slate.background": Shown(_("Background"), _("Tail: around a clip that is smaller than the output.")),
}

_LENGTH = _("Pixels (24) or a share (12 %).")
MARKS: dict[str, Shown] = {
    "Watermark.template": Shown(_("Watermark template"), _("What is empty here is taken from it.")),
    "Watermark.image": Shown(_("Image"), _("PNG, JPEG, WebP, GIF, APNG, or WebM or MOV with alpha. Not with text.")),
    "Watermark.text": Shown(_("Text"), _("Instead of an image.")),
    "Watermark.corner": Shown(_("Corner"), _("The offsets count from it. Not said: top right.")),
    "Watermark.dx": Shown(_("Horizontal offset"), _LENGTH),
    "Watermark.dy": Shown(_("Vertical offset"), _LENGTH),
    "Watermark.width": Shown(_("Width"), _("Pixels or a share; one side keeps the ratio. Neither: 0.12 of the width.")),
    "Watermark.height": Shown(_("Height"), _LENGTH),
    "Watermark.opacity": Shown(_("Opacity"), _("Above 0 up to 1.")),
    "Watermark.start": Shown(_("Appears after"), time=True),
    "Watermark.duration": Shown(_("Is shown for"), _("Empty: to the end."), time=True),
    "MarkText.content": Shown(_("Text"), _("New lines are kept.")),
    "MarkText.font": Shown(_("Font"), _("Of the worker. Not said: one that has the characters.")),
    "MarkText.size": Shown(_("Font size"), _("Pixels from 4 to 512, or a share of the height (5 %).")),
    "MarkText.color": Shown(_("Colour"), _("#RRGGBB or a name, for example white.")),
    "MarkText.opacity": Shown(_("Opacity"), _("Above 0 up to 1.")),
    "MarkText.outline_width": Shown(_("Outline"), unit="px"),
    "MarkText.outline_color": Shown(_("Colour of the outline")),
    "Delogo.corner": Shown(_("Corner"), _("The offsets count from it.")),
    "Delogo.dx": Shown(_("Horizontal offset"), _LENGTH),
    "Delogo.dy": Shown(_("Vertical offset"), _LENGTH),
    "Delogo.width": Shown(_("Width"), _LENGTH),
    "Delogo.height": Shown(_("Height"), _LENGTH),
    "Delogo.start": Shown(_("From"), _("Empty: from the beginning."), time=True),
    "Delogo.duration": Shown(_("Lasts"), _("Empty: to the end."), time=True),
    "Delogo.method": Shown(_("Method"), _("Mosaic: large blocks. Delogo: filled in from the border.")),
}

PACKAGING: dict[str, Shown] = {
    "Container.format": Shown(_("Container"), _("The file format of the output.")),
    "Mux.segment_seconds": Shown(_("Segment length"), _("1 to 60 seconds. Not said: 10."), "s", when=_STREAMED),
    "Mux.segment_format": Shown(_("Segment format"), _("HLS: TS or fMP4. DASH: fMP4 or WebM."), when=_STREAMED),
    "Mux.cut_times": Shown(_("Forced cut times"), _("Up to 10 times in seconds, with commas; a segment begins there in any case."), when=_CUT_PICTURE),
    "Mux.start_number": Shown(_("First segment number"), _("Not said: 1."), when=_STREAMED),
    "Mux.segment_name": Shown(
        _("Names of segments"),
        _("For example {name}-%05d: the address's name, then the number with five digits. They are replaced in place. Not said: new names in every attempt."),
        when=_STREAMED,
    ),
    "Mux.growing_playlist": Shown(
        _("Play while transcoding"),
        _("The playlist is published as it grows, unless something is at the address already."),
        when="container.format=hls;video.codec!=copy",
    ),
    "Mux.automatic": Shown(_("Automatic ladder"), _("Rungs that add nothing on this input are left out; at least one stays."), when=_STREAMED),
    "Mux.iframe_playlist": Shown(_("I-frame playlist"), _("For scrubbing with pictures."), when="container.format=hls,cmaf;video.remove="),
    "Mux.faststart": Shown(_("Index at the front"), _("Playback starts before the whole file is there."), when="container.format=mp4,mov,m4a"),
    "Mux.loop": Shown(_("Repeats"), _("0: for ever."), when="container.format=gif,webp"),
    "Mux.final_delay_cs": Shown(_("Delay before it repeats"), _("How long the last picture stands."), "1/100 s", when="container.format=gif"),
    "Mux.dither": Shown(_("Dither"), _("How colours outside the palette are mixed. Not said: sierra."), when="container.format=gif"),
    "Mux.palette": Shown(_("Palette"), _("One of 256 colours for the whole clip, or one for each picture. Not said: the clip's."), when="container.format=gif"),
    "Mux.strip_metadata": Shown(_("Leave all metadata behind"), _("Title, languages and chapters too.")),
    "Encryption.method": Shown(_("Method"), _("AES-128: whole TS segments. cbcs and cenc: samples of fMP4.")),
    "Encryption.key": Shown(_("Key"), _("16 bytes as 32 hexadecimal digits. Not said: made anew.")),
    "Encryption.key_id": Shown(_("Key id"), _("32 hexadecimal digits. Not said: made anew."), when=".method=cbcs,cenc"),
    "Encryption.key_uri": Shown(_("Key address"), _("Where players fetch the key. Not said: this service, which asks who they are.")),
    "Encryption.per": Shown(_("One made key for"), _("each output, or all outputs of a media.")),
    "Encryption.private": Shown(_("Private"), _("The key goes only to a signed player session.")),
    "Conditions.if_smaller": Shown(_("If the source is smaller"), _("Smaller than the target in width or height."), when=_PICTURE),
    "Conditions.if_lower_video_bitrate": Shown(_("If the source's video bitrate is lower"), _("An unknown bitrate counts as enough."), when=_RATED),
    "Conditions.if_lower_audio_bitrate": Shown(_("If the source's audio bitrate is lower"), _("An unknown bitrate counts as enough."), when=_LOSSY),
    "Conditions.if_lower_fps": Shown(_("If the source's frame rate is lower"), when=_PICTURE),
    "Rung.name": Shown(_("Rung"), _("a–z, 0–9 and -; part of file names.")),
    "Rung.video": Shown(_("Picture of this rung")),
    "Rung.audio": Shown(_("Sound of this rung")),
    "Template.audios": Shown(
        _("Audio tracks"),
        _("Several tracks, in this order. None: one track from the input's first audio stream."),
        when=f"kind=video,audio,remux;{_NO_TEXT}",
        one=_("Audio track"),
    ),
    "Template.watermarks": Shown(_("Watermarks"), _("Laid over the picture in this order; at most 20."), when=_PICTURE, one=_("Watermark")),
    "Template.delogos": Shown(_("Blurred areas"), _("Made unrecognisable before watermarks; at most 20."), when=_PICTURE, one=_("Area")),
    "Template.encryption": Shown(_("Encryption"), _("HLS, DASH and CMAF only."), when=_STREAMED),
    "Template.ladder": Shown(
        _("Ladder"), _("HLS, DASH and CMAF: one rendition for each rung. What a rung does not say holds for all."), when=_CUT_PICTURE, one=_("Rung")
    ),
}

JOB: dict[str, Shown] = {
    "TranscodeSpec.input_name": Shown(_("Name of the input"), _("For audio tracks that refer to it.")),
    "TranscodeSpec.audio_selectors": Shown(_("Audio selectors"), _("Names for some of the input's audio."), one=_("Selector")),
    "TranscodeSpec.inputs": Shown(_("Further inputs"), _("Files whose sound audio tracks may take, by their names."), one=_("Input")),
    "NamedInput.name": Shown(_("Name"), _("Audio tracks refer to it.")),
    "NamedInput.audio_selectors": Shown(_("Audio selectors"), _("Names for some of this input's audio."), one=_("Selector")),
    "InputSpec.address": Shown(_("File")),
    "InputSpec.start": Shown(_("From"), _("Empty: from the beginning."), time=True),
    "InputSpec.duration": Shown(_("Length"), _("Empty: to the end."), time=True),
    "AudioSelector.name": Shown(_("Name"), _("Audio tracks refer to it.")),
    "AudioSelector.rule": Shown(_("Choose by")),
    "AudioSelector.language": Shown(_("Language"), _("ISO 639-2, three letters: eng, zho, jpn … und."), when=".rule=tag"),
    "AudioSelector.stream": Shown(_("Audio stream"), _("Counted from 0."), when=".rule=index"),
}
ALL = VIDEO | AUDIO | EDIT | MARKS | PACKAGING | JOB

WORDS: dict[str, Text | str] = {
    "convert": _("Convert anyway"),
    "keep": _("Keep the source's value"),
    "fail": _("Fail the output"),
    "Video.hdr=keep": _("Keep HDR"),
    "sdr": _("Tone-map to SDR"),
    "fit": _("Fit inside"),
    "stretch": _("Stretch"),
    "crop": _("Fill and crop"),
    "fill": _("Fit, rest black"),
    "copy": _("copy (no encoding)"),
    "auto": _("Automatic"),
    "SubtitleFile.charset=auto": "auto",
    "force": _("Always"),
    "none": pgettext_lazy("choice", "Never"),
    "Mux.dither=none": pgettext_lazy("dither", "None"),
    "Mux.palette=clip": _("For the whole clip"),
    "Mux.palette=frame": _("For each picture"),
    "light": _("Light"),
    "medium": _("Medium"),
    "strong": _("Strong"),
    "Video.preset=medium": "medium",
    "horizontal": _("Left and right"),
    "vertical": _("Top and bottom"),
    "both": _("Both"),
    "progressive": _("Progressive"),
    "interlaced": _("Interlaced"),
    "crf": _("CRF (constant quality)"),
    "abr": _("ABR (average bitrate)"),
    "vbr": _("VBR (variable up to the peak)"),
    "cbr": _("CBR (constant bitrate)"),
    "Narrowband.method=1": _("Version 1 (fast)"),
    "Narrowband.method=2": _("Version 2 (smallest)"),
    "Video.passes=1": _("One pass"),
    "Video.passes=2": _("Two passes"),
    "top_left": _("Top left"),
    "top_right": _("Top right"),
    "bottom_left": _("Bottom left"),
    "bottom_right": _("Bottom right"),
    "mosaic": _("Mosaic"),
    "blur": _("Blur"),
    "delogo": _("Fill in (delogo)"),
    "InputFirst": _("The source's tag first"),
    "Configured": _("As given"),
    "tag": _("Language tag"),
    "index": _("Number"),
    "Encryption.per=output": _("Each output"),
    "Encryption.per=media": _("All outputs of a media"),
    "h264": "H.264",
    "h265": "H.265",
    "vp9": "VP9",
    "av1": "AV1",
    "mpeg2": "MPEG-2",
    "mpeg4": "MPEG-4",
    "prores": "ProRes",
    "gif": "GIF",
    "webp": "WebP",
    "aac": "AAC",
    "mp3": "MP3",
    "vorbis": "Vorbis",
    "flac": "FLAC",
    "ac3": "AC-3",
    "opus": "Opus",
    "amr": "AMR-NB",
    "pcm_s16le": "PCM 16 bit",
    "pcm_s24le": "PCM 24 bit",
    "aes-128": "AES-128",
    "Mux.segment_format=ts": "TS",
    "Mux.segment_format=fmp4": "fMP4",
    "Mux.segment_format=webm": "WebM",
    "Container.format=hls": _("HLS (m3u8)"),
    "Container.format=dash": "DASH (mpd)",
    "Container.format=cmaf": "CMAF (HLS + DASH)",
    "Container.format=webm": "WebM",
    "Container.format=webp": _("WebP (animated)"),
    "Container.format=m4a": "M4A",
    "Container.format=opus": "Opus",
    "Container.format=amr": "AMR",
    "Container.format=srt": _("SRT (subtitles)"),
    "Container.format=vtt": _("WebVTT (subtitles)"),
    "Container.format=ass": _("ASS (subtitles)"),
}


def shown(owner: type[Strict], name: str) -> Shown:
    """The words of a field, its own or those of the model that it comes from; the bare name where nobody wrote any."""
    for model in owner.__mro__:
        if found := ALL.get(f"{model.__name__}.{name}"):
            return found
    return Shown(name.replace("_", " ").capitalize())


def word(owner: type[Strict], name: str, value: object) -> Text | str:
    """What a choice is called. Names of formats are written in capitals."""
    for model in owner.__mro__:
        if found := WORDS.get(f"{model.__name__}.{name}={value}"):
            return found
    if (owner.__name__, name) == ("Container", "format"):
        return str(value).upper()
    return WORDS.get(str(value), str(value))
