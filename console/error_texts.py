"""The human sentences of the pure layers, made known to gettext, and said in the reader's language.

``jobs.engine``, ``jobs.ffmpeg``, the storages and the job services speak plain English: they know no reader. Their fixed sentences stand
in ``console.sentences``, those that carry values here in ``PATTERNS``, with a name in braces for each value. A test holds the lists complete.
"""

from __future__ import annotations

import functools
import re

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

PATTERNS = (
    _("{kbps} instead of {regular} kbit/s; the quality could not be measured."),
    _("VMAF {score} with {kbps} instead of {regular} kbit/s: the best within the regular output's bitrate; {target} was asked for."),
    _("VMAF {score} with {kbps} instead of {regular} kbit/s: as good as the regular output, which reaches {goal} of the {target} asked for."),
    _("VMAF {score} with {kbps} instead of {regular} kbit/s; {target} was asked for."),
    _("Narrowband {method} of {twin}: as good to the eye with fewer bits, and never larger."),
    _("Narrowband {method} in AV1, for the newest devices; otherwise as {twin}."),
    _("Left out, since they add nothing on this input: {rungs}."),
    _("The rungs could not be judged, so all of them are made: {why}"),
    _("Rungs in {codec} are not forecast: use H.264, H.265 or AV1, or remove «automatic»."),
    _("Narrowband {method} does not make {codec}: use {choices}."),
    _("The target of VMAF {target} is expected with {kbps} kbit/s."),
    _("The regular preset reaches VMAF {score} here, less than the target of {target}: the same is expected with fewer bits."),
    _("VMAF {goal} would take more than the regular preset's bitrate: {score} is expected within it."),
    _("VMAF {target} cannot be reached at this size: {score} is the best that is expected."),
    _("«{pattern}» has no number."),
    _("The output has {output} pictures and the source {reference}: they cannot be paired."),
    _("The pictures cannot be compared to their end: {line}"),
    _("A sheet would be {length} px wide; at most {limit} px are possible. Choose fewer columns or smaller cells."),
    _("One row would be {length} px high; at most {limit} px are possible."),
    _("A sheet has {number} of {count} rows: a higher one could not be opened everywhere."),
    _("Some pictures could not be taken ({missing} of {count}); the ones before them stand for them."),
    _("{address} is cut off or damaged."),
    _("{address} is no PNG, JPEG, WebP or GIF."),
    _("{address} has {size} pixels; at most {limit} in all are allowed."),
    _("{address} cannot be decoded."),
    _("The video ends before all pictures are taken: {found_number} of {all_number}."),
    _("The input does not tell how long it is, so only its first {seconds} s were looked at."),
    _("No picture of the input can be read: {line}"),
    _("{number} shots in {seconds} s are shorter than {least} s each."),
    _("There is no picture at {time} s: the video is {length} s long."),
    _("Only the first {number} of {count} pictures are made."),
    _("The mode «{mode}» needs «{field}»."),
    _("In the mode «{mode}», «{field}» has no meaning."),
    _("The address ends with another format than {format}."),
    _("The area {number} to hide lies outside the picture; it was ignored."),
    _("The area {number} to hide reaches beyond the picture; it was cut at the edge."),
    _("Watermark {number} has neither image nor text."),
    _("Watermark {number} has no picture in it."),
    _("Watermark {number} would be {size}; at most {limit} pixels in all are laid over."),
    _("Watermark {number} lies outside the {size} picture; it is not seen."),
    _("Watermark {number} reaches {pixels} px beyond the {size} picture."),
    _("Watermark {number} has {count} pictures and does not loop; save it so that it loops for ever."),
    _("{container} holds sound only; watermarks and hidden areas need a picture."),
    _("«{field}» is for images; a text has its own size and opacity."),
    _("There is no colour «{name}»; write #RRGGBB or a CSS colour name."),
    _("The watermark's picture has {size} pixels; at most {limit} pixels in all are allowed."),
    _("No font of the worker has {characters}; an empty box stands for each."),
    _("The worker has no font «{name}»; «{taken}» was taken."),
    _("The watermark template {template} is for images."),
    _("The watermark template {template} is for texts."),
    _("The watermark template {template} has no image; give one here."),
    _("The watermark template {template} has no text; give one here."),
    _("Segments have {least} to {most} seconds."),
    _("{container} has no such segments. Use {choices}."),
    _("With forced cut times key frames stand where segments begin: remove «{field}»."),
    _("Other files of the set are called «{name}»: choose another name, for example 720p."),
    _("{segments} cannot hold {codec}, which the input has; choose a codec to encode to, or other segments."),
    _("The address of outputs in {format} ends with {ending}."),
    _("There is no bucket {bucket}."),
    _("The store has no such bucket any more; it was bound as {bucket}."),
    _("The store of bucket {bucket} does not answer ({why})."),
    _("The store of bucket {bucket} refused the credentials ({why})."),
    _("The store of bucket {bucket} refused the request ({why})."),
    _("The bucket {bucket} has no credentials."),
    _("The secret of bucket {bucket} cannot be opened; give it again."),
    _("With the bucket's prefix the key has more than {limit} bytes."),
    _("The bucket {bucket} is not bound as input."),
    _("The bucket {bucket} is not bound as output."),
    _("There is no template {template}."),
    _("No object at {address}."),
    _("No worker has the encoder {encoders}."),
    _("No single worker has all of {encoders}."),
    _("Outputs {first} and {second} write the same object."),
    _("Outputs {first} and {second} would give their segments the same names."),
    _("Part {number} of the join is cut, and copied parts are joined whole: choose a codec."),
    _("Part {number} of the join has {lack} than part 1, so it cannot be joined without encoding: choose a codec."),
    _("{container} holds text only, so «{field}» has no meaning."),
    _("{container} holds one text: name one stream or one file."),
    _("Subtitle stream {number} of the input is made of pictures; no text can be taken out."),
    _("Subtitle stream {number} of the input has not been read here."),
    _("another container"),
    _("other streams"),
    _("another size"),
    _("another encoding of its picture"),
    _("another encoding of its sound"),
    _("The key has {size} bytes; at most {limit} are allowed."),
    _("Use {choices}."),
    _("Use {choices} or less."),
    _("The picture is removed, so «{field}» has no meaning."),
    _("The sound is removed, so «{field}» has no meaning."),
    _("{container} holds sound only, so «{field}» has no meaning."),
    _("{container} holds no sound, so «{field}» has no meaning."),
    _("{container} has nothing else to hold; do not remove it."),
    _("{container} cannot hold {codec}. {advice}"),
    _("{codec} has no profile «{profile}». Use {choices}."),
    _("{codec} cannot have {pixel_format}. Use {choices}."),
    _("The profile «{profile}» of {codec} cannot have {pixel_format}. Use {choices}."),
    _("{codec} cannot have {number} channels. Use {choices}."),
    _("The peak bitrate ({peak} kbit/s) is below the average bitrate ({average} kbit/s)."),
    _("{codec} cannot use {rate}. Use {rates} or less."),
    _("{codec} in {container} cannot use {rate}. Use {rates}."),
    _("{codec} is lossless and has no bitrate."),
    _("{codec} needs even sizes: use {lower} or {higher}."),
    _("{container} has no segments; only HLS, DASH and CMAF have."),
    _("{container} does not loop; only GIF and WebP do."),
    _("{container} holds one rendition; a ladder needs HLS, DASH or CMAF."),
    _("GIF has no «{field}»."),
    _("GIF plays at most {number} frames per second."),
    _("The picture of {size} px does not fit on the canvas of {canvas} px at {place}."),
    _("The area to cut out begins at {place}; the upright picture is {size}."),
    _("The area to cut out goes beyond the picture: {size} px were taken."),
    _("{codec} needs at least {number} px a side; this picture would be {size}."),
    _("{codec} needs at least {number} px a side."),
    _("{codec} takes at most {number} px a side."),
    _("{codec} cannot have sides of 4096 px or multiples of it; this picture would be {size}."),
    _("{codec} cannot have {pixel_format} with these settings: {chosen} was used."),
    _("{codec} plays at most {number} frames per second."),
    _("Only GIF has «{field}»."),
    _("The picture would lie outside the canvas: use less than {number}."),
    _("The canvas is too small: the picture needs {number} px."),
    _("HDR needs 10 bit, and {pixel_format} has 8: use yuv420p10le, or remove «pixel_format»."),
    _("HDR needs 10 bit, which the profile «{profile}» of {codec} does not have: use sdr, or another profile."),
    _("HDR needs 10 bit, which {codec} does not have: use sdr, or another codec."),
    _("Two rungs are named «{name}»."),
    _("A copied picture cannot be changed: remove «{field}», or choose a codec."),
    _("Copied sound cannot be changed: remove «{field}», or choose a codec."),
    _("The clip starts at {start} s; the input is {duration} s long."),
    _("The picture would be {size}; at most {limit} px a side can be encoded."),
    _("The source is {size}, the template asks for {wanted}."),
    _("The playlist has more than {number} lines."),
    _("The source has less than the bitrate the template asks for: its own {rate} kbit/s was kept."),
    _("The source is smaller than the template asks for: its own size {size} was kept."),
    _("{container} cannot hold {codec}, which the input has; choose a codec to encode to."),
    _("{container} cannot hold {codec} sound as the input has it; choose a codec to encode to."),
    _("Browsers do not play {container}; streams are copied as they are."),
    _("Browsers do not play {codec} in {container}; it is copied as it is."),
    _("Browsers do not play {codec} sound in {container}; it is copied as it is."),
    _("{container} cannot say that the picture is to be turned: the copy is shown lying on its side. Choose a codec to have it upright."),
    _("{container} cannot say that the picture is to be turned: the copy is shown upside down. Choose a codec to have it upright."),
    _("The source's video has {rate} kbit/s, the template asks for {wanted}."),
    _("The source has {rate} frames per second, the template asks for {wanted}."),
    _("The source has fewer frames per second than the template asks for: its own {rate} was kept."),
    _("The source is too small for: {rungs}."),
    _("The source's sound has less than the bitrate the template asks for: its own {rate} kbit/s was kept."),
    _("The source's sound has {rate} kbit/s, the template asks for {wanted}."),
    _("{codec} at {rate} Hz with {number} channel takes {least} to {most} kbit/s: {chosen} was used."),
    _("{codec} at {rate} Hz with {number} channels takes {least} to {most} kbit/s: {chosen} was used."),
    _("Dropped: video {streams}; {why}."),
    _("Dropped: cover picture {streams}."),
    _("Dropped: audio {streams}; {why}."),
    _("Dropped: subtitles {streams}; {container} cannot hold them here."),
    _("Dropped: subtitles {streams}; a plain playlist has none; name them to get a master playlist with captions."),
    _("Dropped: {number} data stream."),
    _("Dropped: {number} data streams."),
    _("Dropped: {number} chapter; {container} cannot hold them."),
    _("Dropped: {number} chapters; {container} cannot hold them."),
    _("{container} holds sound only"),
    _("{container} holds no sound"),
    _("The output is not what was planned ({checks})."),
    _("The input gave less than it announces, so it is cut off or damaged ({checks})."),
    _("{check}: {found} instead of {wanted}"),
    _("The picture has {size} pixels; at most {limit} pixels in all are allowed."),
    _("The input could not be read within {seconds} s."),
    _("The input made the reader crash (signal {signal})."),
    _("The input cannot be opened: {reason}."),
    _("The input cannot be read: {reason}"),
    _("The input cannot be read. {reason}"),
    _("The encoder stopped with an error: {line}"),
    _("Unknown placeholder {name}."),
    _("{number} jobs are already queued in this pipeline."),
    _("The job has no output {output}."),
    _("The job has already {state}."),
    _("«{field}» of a pipeline cannot be changed."),
    _("{size} of {limit} bytes."),
    _("{size} of {limit} bytes"),
    _("Keys below {folder} are kept for Reelmill."),
    _("A part of the key between slashes has more than {limit} bytes; a local folder cannot hold it."),
    _("There is an object at {address} already."),
    _("The object {address} is not a file."),
    _("The object {address} {why}."),
    _("{address} was replaced."),
    _("{address} was removed while it was written."),
    _("The folder of the bucket {bucket} is not there; is its disk mounted?"),
    _("The permissions of {address} do not let Reelmill read it."),
    _("{address} is a folder."),
    _("More than {number} bytes."),
    _("{name} is an object here; it cannot be a folder too."),
    # codecs, containers, rate control
    _("{container} cannot hold {codec}. {reason} Use {choices}."),
    _("No worker has the filter {filters}."),
    _("Level {level} of {codec} cannot hold {size} at {rate} frames per second: use {least} or more."),
    _("No level of {codec} can hold {size} at {rate} frames per second."),
    _("Interlaced {codec} needs a height that is a multiple of 4: the fields are encoded as whole pictures."),
    _("Interlaced {codec} needs a height that is a multiple of 4; this one is {height} px."),
    _("{codec} has no «{field}»."),
    _("CRF of {codec} goes from 0 to {most}."),
    _("The rate control «{control}» needs a bitrate."),
    _("The lower bound of the bitrate ({least} kbit/s) is above the upper one ({most} kbit/s)."),
    _("{codec} has no level {level}. Use {choices}."),
    _("{codec} is not encoded interlaced here: use progressive, or H.264, MPEG-2, MPEG-4 or ProRes."),
    _("{container} cannot hold B-frames of H.264 here: use 0, or MPEG-2."),
    _("{container} cannot do without a picture; do not remove it."),
    _("AV1 with a bitrate needs at least {number} px a side: use CRF, or a larger picture."),
    _("{codec} has no CRF: use abr, vbr or cbr with a bitrate."),
    _("{name} cannot use {rate} frames per second. Use {choices}."),
    _("{name} cannot use {rate} frames per second: {chosen} was used."),
    _("{codec} knows closed groups of pictures only."),
    _("{codec} has no profiles; only AAC has."),
    _("{container} cannot carry {codec}. Use {choices}."),
    _("{codec} cannot use {rate}. Use {choices}."),
    _("{codec} is lossless and has no quality to choose."),
    _("{codec} has no quality mode: give a bitrate."),
    # hints beside the editor
    _("Pictures of this size usually take {low} to {high} kbit/s in {codec}; {given} is unusual."),
    _("A buffer is usually twice the peak bitrate: {number} kbit."),
    _("{number} frames between key frames are {seconds} s at {rate} frames per second."),
    _("{seconds} s between key frames are {number} frames at {rate} frames per second."),
    _("Segments of {segment} s are no multiple of the {seconds} s between key frames: further key frames are made where they begin."),
    # descriptions of the shipped templates
    _("Streaming, one quality: {side} px on the short side, {codec} in HLS segments of {seconds} s, for {use}; never enlarged."),
    _("MP4 that plays everywhere: {side} px on the short side, {codec}, for {use}; never enlarged."),
    _("Small MP4 for newer devices: {side} px on the short side, {codec}, for {use}; never enlarged."),
    _("{container}, {width} px wide, {video} at {rate} and {audio} at {audio_rate} kbit/s, for {use}; smaller sources are enlarged."),
    _("Into {container} without encoding: picture and sound stay as they are."),
    _("Sound only, {codec} at {rate} kbit/s."),
    _(
        "{container}, at most {lines} lines, up to {most} kbit/s of H.264: size and rate adapt to the input, for {use}. "
        "Needs an analysis; sources of at most {source} lines."
    ),
    _(
        "{container}, at most {lines} lines, up to {most} kbit/s of H.264: size and rate adapt to the input, for {use}. "
        "Needs an analysis; sources of at least {source} lines."
    ),
    _(
        "{container}, at most {lines} lines, {least} to {most} kbit/s of H.264: size and rate adapt to the input, for {use}. "
        "Needs an analysis; sources of at least {source} lines."
    ),
    _(
        "{container} of at most {lines} lines, {codec}: size, rate, deinterlacing and denoising adapt to the input. "
        "Needs an analysis; sources of at least {source} lines."
    ),
    # template analyses
    _("The preset needs at least {least} lines; the source has {lines}."),
    _("The preset is for sources of at most {most} lines; this one has {lines}."),
    _("The preset begins at {least} kbit/s; the source's video is worth {rate} kbit/s."),
    _("The preset makes {size}; the source has {own} and would be enlarged."),
    _("The preset is for {size}; the source has {own} and would stay as it is."),
    _("The preset makes {wanted} kbit/s; the source's video is worth {rate} kbit/s as H.264, so the output would be larger, not better."),
    _("The preset makes {wanted} kbit/s; the source's sound has {rate} kbit/s, so the output would be larger, not better."),
    _("The source is HDR ({kind}); its colours are mapped to SDR."),
    _("Only {size} of the picture are kept: the rest is cut off."),
    _("The pictures are complex: CRF {crf} instead of {asked} keeps the bitrate in its bounds."),
    _("Grain takes {share} of the bits; it is removed gently."),
    _("The analysis of this input does not list the preset. {why}"),
    # pydantic's own
    _("Input should be greater than or equal to {limit}"),
    _("Input should be less than or equal to {limit}"),
    _("Input should be greater than {limit}"),
    _("Input should be less than {limit}"),
    _("Input should be {choices}"),
    _("String should have at least {number} character"),
    _("String should have at least {number} characters"),
    _("String should have at most {number} characters"),
    _("String should match pattern '{pattern}'"),
    _("{format} takes at most {most} frames between key frames."),
    _("Value error, {message}"),
    _("This worker has no {program}."),
    _("Tuple should have at least {number} item after validation, not {found}"),
    _("Tuple should have at most {number} items after validation, not {found}"),
    _("Unable to extract tag using discriminator '{field}'"),
    _("Input tag '{found}' found using '{field}' does not match any of the expected tags: {choices}"),
    _("Nothing is left: {end} s are cut off the end of {left} s."),
    _("The list {address} has not been read."),
    _("{address} is not a media file."),
    _("Part {number} of the join has no picture."),
    _("Part {number} of the join has no sound and does not tell how long it is."),
    _("The list has more than {number} bytes."),
    _("The list has {number} parts; at most {limit} can be joined."),
    _("Part {number} of the list has no «MergeURL»."),
    _("Part {number} of the list has an unknown key «{key}»."),
    _("A time of part {number} of the list is neither seconds nor hh:mm:ss."),
    _("Part {number} of the list: {message}"),
    _("The playlist names «{name}»: only objects beside it in its bucket are opened, by relative names."),
    _("The playlist has more than {number} bytes."),
    _("The playlist has more than {number} parts."),
    _("The parts of the playlist are encrypted ({method}); send them decrypted."),
    _("The playlist is made of more than {number} recordings (#EXT-X-DISCONTINUITY)."),
    _("{address} cannot be decrypted with the key and vector that the playlist names."),
    _("{address} is not a key of the playlist: a key has exactly {number} bytes."),
    _("At most {number} parts can be joined; name up to 100 in a list object, «after_list»."),
    _("The opening clip {address} has no picture."),
    _("The tail clip {address} has no picture."),
    _("The tail clip {number} does not tell how long it is."),
    _("{address} has not been fetched here, so what it makes of this output is not known."),
    _("{address} ends before the byte range that the playlist names."),
    _("The file is UTF-8, not {charset}."),
    _("The file's first bytes say that it is {found}, not {charset}."),
    _("The file is not {charset}: byte {byte} in line {line} means nothing there."),
    _("{container} holds no picture that text could be drawn into."),
    _("{container} cannot hold subtitles; draw one into the picture, or use MP4, MKV, WebM or HLS."),
    _("{container} cannot hold text tracks; draw the text into the picture, or use MP4, MKV, WebM or HLS."),
    _("{container} cannot hold {codec} subtitles; draw them into the picture, or use MKV."),
    _("The input's subtitles are removed, so «{field}» has no meaning."),
    _("{container} holds one audio track; keep one, mix them, or use MP4, MKV or HLS."),
    _("Two inputs or audio selectors are named «{name}»."),
    _("There is no input or audio selector named «{name}»."),
    _("«{name}» chooses a stream already."),
    _("The input has no subtitles in {languages} that {container} can hold."),
    _("The input has no subtitle stream {number}; it has {count}."),
    _("«{file}»: {mistake}"),
    _("the file has more than {number} MB."),
    _("«{file}» was taken for {charset}; name the character encoding if the text is wrong."),
    _("Subtitle stream {number} of the input cannot be read."),
    _("Subtitle stream {number} was left out: {mistake}"),
    _("Subtitle stream {number} was left out: it has no text within the clip."),
    _("«{file}» was left out: it has no text within the clip."),
    _("Dropped: subtitle stream {number}; its pictures cannot be played at another speed."),
    _("Line {line} of the subtitle file: the text ends before it begins."),
    _("The subtitle file has more than {number} texts."),
    _("Line {line} of the subtitle file: a single text has more than {number} characters."),
    _("Line {line} of the subtitle file is no time such as {example}."),
    _("Line {line} of the subtitle file: the fields of an event must have Start, End and, as the last one, Text."),
    _("Line {line} of the subtitle file: an event stands before the line that names its fields."),
    _("Line {line} of the subtitle file: the event has {count} fields instead of {number}."),
    _("The input «{name}» is no media file."),
    _("{container} has no place for a language; «{language}» is not written."),
    _("Audio track {number}: its input {lack}; it has {streams}."),
    _("Audio track {number}: its input {lack}."),
    _("has no audio stream {number}"),
    _("has no audio in {language}"),
    _("The worker has no font «{name}»; another one was taken."),
    _("{subject} was left out: it has no text within the clip."),
)

# a list of choices, and a check of one rung: only inside the values of a pattern
CHOICES = (_("{words} or {word}"),)
CHECKS = (_("{rung}: {check}"),)

# Values that may be sentences or words of ours themselves. All others (addresses, names, numbers) are never touched: they are somebody's text.
_OURS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("advice", "why", "reason", "message", "use", "found", "wanted", "state", "mistake", "lack"), PATTERNS),
    **dict.fromkeys(("choices", "rates"), CHOICES),
    "check": CHECKS,
}
_NAME = re.compile(r"\{(\w+)\}")


def translated(text: str) -> str:
    """A sentence of ours in the reader's language; what is not known (a line of ffmpeg, say) stays as it is."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    return _said(text, PATTERNS)


def translated_word(text: str) -> str:
    """The name or a value of what was verified: «video codec», «540p: duration», «missing»."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    return _said(text, CHECKS)


def _said(text: str, patterns: tuple[str, ...]) -> str:
    if (whole := gettext(text)) != text:
        return whole
    for pattern, expression in _compiled(patterns):
        if found := expression.match(text):
            return gettext(pattern).format(**{name: _value(name, value) for name, value in found.groupdict().items()})
    return text


def _value(name: str, text: str) -> str:
    if name == "checks":
        return "; ".join(_said(part, PATTERNS) for part in text.split("; "))
    return _said(text, _OURS[name]) if name in _OURS else text


@functools.cache
def _compiled(patterns: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each pattern with the expression that recognises a sentence made from it; the longest fixed text first, so that the closest one wins."""
    made = []
    for pattern in patterns:
        parts = _NAME.split(pattern)
        expression = "".join(re.escape(part) if index % 2 == 0 else f"(?P<{part}>.+?)" for index, part in enumerate(parts))
        made.append((pattern, re.compile(expression + r"\Z", re.DOTALL)))
    return tuple(sorted(made, key=lambda pair: -len(_NAME.sub("", pair[0]))))
