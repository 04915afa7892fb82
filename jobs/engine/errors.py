"""What can go wrong, each with a code, a sentence, a remedy, and an answer to «would trying again help?».

    ReelmillError
    ├── Refused          the request itself is wrong: nothing was accepted (HTTP 4xx)
    └── JobError         an accepted job, or one output of it, cannot be done

The table ``CODES`` is the only list of codes. Interfaces translate sentences through gettext by the English text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Code(NamedTuple):
    """One row of the error table: the sentence says what happened, the remedy what a person can do."""

    sentence: str
    remedy: str
    retryable: bool = False
    status: int = 400


CODES: dict[str, Code] = {
    # refused at the door
    "InvalidParameter": Code("The request has values that cannot be used.", "Correct the values listed."),
    "InvalidAddress": Code("The address cannot be used.", "Write oss://bucket/key; no «..», no control characters, at most 1,023 bytes."),
    "ImpossibleCombination": Code("These settings cannot be combined.", "Change one of the settings named."),
    "BodyTooLarge": Code("The request body is too large.", "Send less than the stated limit.", status=413),
    "NotFound": Code("There is no such thing here.", "Check the id or name.", status=404),
    "PipelineNotFound": Code("There is no such pipeline.", "Choose one of the pipelines listed.", status=404),
    "TemplateNotFound": Code("There is no such template.", "Choose one of the templates listed.", status=404),
    "BucketNotFound": Code("There is no such bucket.", "Bind the bucket, or choose another one.", status=404),
    "ObjectNotFound": Code("There is no such object in the bucket.", "Check the key, or upload the file first.", status=404),
    "ObjectAlreadyExists": Code("The output object exists already.", "Choose another address, or allow overwriting.", status=409),
    "OutputOverwritesInput": Code("An output would overwrite the input.", "Choose another output address.", status=409),
    "OutputConflict": Code("Two outputs write the same object.", "Give each output its own address.", status=409),
    "BucketRoleMissing": Code("The bucket is not bound for this use.", "Bind the bucket as input or output.", status=403),
    "BucketUnreachable": Code(
        "The bucket's store does not answer.", "Jobs wait and try again; check the store, its endpoint and the network.", retryable=True, status=503
    ),
    "BucketAccessDenied": Code(
        "The bucket's store refused the credentials.",
        "Give the bucket a valid access key and secret; check that they have not expired and what they may do.",
        status=502,
    ),
    "QueueFull": Code("The pipeline holds as many waiting jobs as it may.", "Wait, or raise the pipeline's limit.", retryable=True, status=429),
    "CapabilityMissing": Code("No worker here can do this.", "Start a worker that has the encoder named.", status=409),
    "AnalysisNeeded": Code(
        "An intelligent preset needs a template analysis of this version of the input that succeeded.",
        "Make an analysis of the input, then submit again.",
        status=409,
    ),
    "TemplateUnfit": Code("The analysis of this input does not list the preset.", "Choose one of the presets that the analysis lists.", status=409),
    "NotAuthenticated": Code("Sign in or send a token.", "Send «Authorization: Bearer …».", status=401),
    "PermissionDenied": Code("You may not do this.", "Ask an administrator for the role named.", status=403),
    "WrongState": Code("This cannot be done in the present state.", "Look at the state, then decide.", status=409),
    "MethodNotAllowed": Code("This address does not know that method.", "Use one of the methods in the header «Allow».", status=405),
    "NotFinishedYet": Code("The work has not finished in time; it goes on.", "Ask for the job named.", retryable=True, status=504),
    "IdempotencyConflict": Code("This Idempotency-Key was used for another request.", "Use a new key for a new request.", status=409),
    "StorageFull": Code("There is not enough free space.", "Free some space or add storage.", retryable=True, status=507),
    "UploadOffsetWrong": Code("The upload goes on at another byte.", "Ask with HEAD how much has arrived, and go on there.", status=409),
    "UploadBusy": Code("Another connection is sending this upload.", "Stop the other one, or wait until it has ended.", retryable=True, status=423),
    "ChecksumMismatch": Code("What arrived is not what was sent.", "Send the part again.", retryable=True, status=460),
    # the input
    "InputNotReadable": Code(
        "The input is not a media file that can be read.", "Check that the file plays elsewhere; it may be empty, cut off or of another type."
    ),
    "InputForbidden": Code(
        "The input is of a kind that is not opened.", "Send a media file; playlists, scripts and vector images may point elsewhere and are refused."
    ),
    "InputTooLarge": Code("The picture or file is larger than allowed.", "Send a smaller one, or raise the limit."),
    "InputChanged": Code("The input was replaced or removed while the job waited.", "Submit the job again.", retryable=True),
    "ResourceContentBad": Code("The content of the input cannot be decoded.", "Check the file; repair or export it again."),
    "NoVideoStream": Code("The input has no video, and the template needs one.", "Use an audio template."),
    "NoAudioStream": Code("The input has no audio, and the template needs it.", "Use a template that drops audio."),
    "SubtitleNotReadable": Code(
        "The subtitle file cannot be read.", "Correct the line named, or name the file's character encoding; SRT, ASS and WebVTT can be read."
    ),
    "TrackNotFound": Code("The input has no such track.", "Look at the input's media info for its tracks and their languages."),
    "NoStreamLeft": Code("Nothing would be left in the output.", "Keep at least one stream that the input has."),
    "JoinListNotReadable": Code("The list of parts to join cannot be used.", 'Write {"MergeList": [{"MergeURL": "oss://bucket/key"}]}, at most 100 parts.'),
    "ClipOutOfRange": Code("The clip starts after the end of the input.", "Choose an earlier start."),
    "TimeOutOfRange": Code("There is no picture at this time.", "Choose a time before the end of the video."),
    "WatermarkNotReadable": Code(
        "The watermark's picture cannot be used.", "Send a PNG, JPEG, WebP, GIF or APNG, or a WebM or MOV with alpha; check that it opens elsewhere."
    ),
    "WatermarkTooLarge": Code("The watermark's picture is larger than allowed.", "Send one of at most 16 megapixels."),
    "FontMissing": Code("The worker has no font to draw the text with.", "Install fonts on the worker, e.g. DejaVu and Noto CJK."),
    "SourceTooSmall": Code("The source is below what the template asks for.", "Use a smaller template, or allow the source's own value."),
    "QualityNotComparable": Code("Output and source cannot be compared picture by picture.", "Name the output, so that clip and frame rate are known."),
    "NarrowbandNotPossible": Code("This picture cannot be made by Narrowband.", "Use a codec that the version knows, or the regular template."),
    "AreaOutsidePicture": Code("The area to cut out lies outside the picture.", "Choose an area inside the upright picture."),
    # the work
    "EncodeFailed": Code("The encoder stopped with an error.", "Look at the log line shown; change the settings it names."),
    "OutputVerifyFailed": Code("The output is not what was planned, so it was not published.", "Look at the checks; report this with the job's log."),
    "Stalled": Code("The work made no progress for too long and was ended.", "Try again; if it stalls again, look at the input.", retryable=True),
    "TimedOut": Code("The work took longer than allowed and was ended.", "Raise the limit, or split the work.", retryable=True),
    "OutOfMemory": Code("The work needed more memory than allowed.", "Choose smaller outputs.", retryable=True),
    "WorkerLost": Code("The worker died three times while doing this.", "Look at the worker's log; the input may be harmful.", retryable=True),
    "InternalError": Code("Something went wrong inside Reelmill.", "Report this with the request or job id.", retryable=True, status=500),
    # the whole job
    "SomeOutputsFailed": Code("Some outputs failed; the good ones were kept.", "Retry only the failed outputs."),
    "Cancelled": Code("The job was cancelled.", "Submit it again if you need it."),
}


@dataclass(frozen=True)
class Problem:
    """One mistake with its place. ``loc`` is the path of keys and indices from the root of what was sent."""

    loc: tuple[str | int, ...]
    message: str


class ReelmillError(Exception):
    """Base. ``message`` is one plain sentence for a person; default: the code's own sentence."""

    def __init__(self, code: str, message: str = "", *, problems: tuple[Problem, ...] = ()) -> None:
        row = CODES[code]
        self.code = code
        self.message = message or row.sentence
        self.problems = problems
        super().__init__(f"{code}: {self.message}")

    @property
    def retryable(self) -> bool:
        """Whether doing the same again may succeed."""
        return CODES[self.code].retryable

    @property
    def remedy(self) -> str:
        """What a person can do about it."""
        return CODES[self.code].remedy

    @property
    def status(self) -> int:
        """The HTTP status that interfaces answer with."""
        return CODES[self.code].status


class Refused(ReelmillError):
    """The request is refused; nothing was accepted."""


class JobError(ReelmillError):
    """An accepted job (or one of its outputs) failed."""
