"""The human sentences of the pure layers, made known to gettext, and said in the reader's language.

``jobs.engine`` and the services speak plain English: they know no Django, or no reader. Their fixed sentences stand in ``SENTENCES``, those
that carry values in ``PATTERNS`` with a name in braces for each value. A test holds both lists complete.
"""

from __future__ import annotations

import functools
import re

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

SENTENCES = (
    _("The request has values that cannot be used."),
    _("Correct the values listed."),
    _("The address cannot be used."),
    _("Write oss://bucket/key; no «..», no control characters, at most 1,023 bytes."),
    _("These settings cannot be combined."),
    _("Change one of the settings named."),
    _("The request body is too large."),
    _("Send less than the stated limit."),
    _("There is no such thing here."),
    _("Check the id or name."),
    _("There is no such pipeline."),
    _("Choose one of the pipelines listed."),
    _("There is no such template."),
    _("Choose one of the templates listed."),
    _("There is no such bucket."),
    _("Bind the bucket, or choose another one."),
    _("There is no such object in the bucket."),
    _("Check the key, or upload the file first."),
    _("The output object exists already."),
    _("Choose another address, or allow overwriting."),
    _("An output would overwrite the input."),
    _("Choose another output address."),
    _("Two outputs write the same object."),
    _("Give each output its own address."),
    _("The bucket is not bound for this use."),
    _("Bind the bucket as input or output."),
    _("The pipeline holds as many waiting jobs as it may."),
    _("Wait, or raise the pipeline's limit."),
    _("No worker here can do this."),
    _("Start a worker that has the encoder named."),
    _("Sign in or send a token."),
    _("Send «Authorization: Bearer …»."),
    _("You may not do this."),
    _("Ask an administrator for the role named."),
    _("This cannot be done in the present state."),
    _("Look at the state, then decide."),
    _("This Idempotency-Key was used for another request."),
    _("Use a new key for a new request."),
    _("This address does not know that method."),
    _("Use one of the methods in the header «Allow»."),
    _("The work has not finished in time; it goes on."),
    _("Ask for the job named."),
    _("There were too many failed tries."),
    _("Wait some minutes, then try again."),
    _("There is not enough free space."),
    _("Free some space or add storage."),
    _("The input is not a media file that can be read."),
    _("Check that the file plays elsewhere; it may be empty, cut off or of another type."),
    _("The input is of a kind that is not opened."),
    _("Send a media file; playlists, scripts and vector images may point elsewhere and are refused."),
    _("The picture or file is larger than allowed."),
    _("Send a smaller one, or raise the limit."),
    _("The input was replaced or removed while the job waited."),
    _("Submit the job again."),
    _("The content of the input cannot be decoded."),
    _("Check the file; repair or export it again."),
    _("The input has no video, and the template needs one."),
    _("Use an audio template."),
    _("The input has no audio, and the template needs it."),
    _("Use a template that drops audio."),
    _("Nothing would be left in the output."),
    _("Keep at least one stream that the input has."),
    _("The clip starts after the end of the input."),
    _("Choose an earlier start."),
    _("The source is below what the template asks for."),
    _("Use a smaller template, or allow the source's own value."),
    _("The encoder stopped with an error."),
    _("Look at the log line shown; change the settings it names."),
    _("The output is not what was planned, so it was not published."),
    _("Look at the checks; report this with the job's log."),
    _("The work made no progress for too long and was ended."),
    _("Try again; if it stalls again, look at the input."),
    _("The work took longer than allowed and was ended."),
    _("Raise the limit, or split the work."),
    _("The work needed more memory than allowed."),
    _("Choose smaller outputs."),
    _("The worker died three times while doing this."),
    _("Look at the worker's log; the input may be harmful."),
    _("Something went wrong inside Reelmill."),
    _("Report this with the request or job id."),
    _("Some outputs failed; the good ones were kept."),
    _("Retry only the failed outputs."),
    _("The job was cancelled."),
    _("Submit it again if you need it."),
)

PATTERNS: tuple[str, ...] = ()


@functools.cache
def _compiled() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each pattern with the expression that recognises a sentence made from it; the longest fixed text first, so that the closest one wins."""
    made = []
    for pattern in PATTERNS:
        parts = re.split(r"\{(\w+)\}", pattern)
        expression = "".join(re.escape(part) if index % 2 == 0 else f"(?P<{part}>.+?)" for index, part in enumerate(parts))
        made.append((pattern, re.compile(expression + r"\Z", re.DOTALL)))
    return tuple(sorted(made, key=lambda pair: -len(re.sub(r"\{\w+\}", "", pair[0]))))


def translated(text: str) -> str:
    """A sentence of ours in the reader's language; what is not known (a line of ffmpeg, say) stays as it is."""
    if not text or (get_language() or "en").startswith("en"):
        return text
    if (whole := gettext(text)) != text:
        return whole
    for pattern, expression in _compiled():
        if found := expression.match(text):
            return gettext(pattern).format(**{name: translated(value) for name, value in found.groupdict().items()})
    return text
