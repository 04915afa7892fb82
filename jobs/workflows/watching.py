"""New objects below the paths of watching workflows. However an object came there (an upload, an SDK, by hand), it is found by listing the path.

An object version (key and etag) that was seen is a row. Unsettled: it may still be written to. The move to settled and the execution are one transaction, and only
one of several schedulers can make it: so there is exactly one execution, and a kill at any moment leaves the row unsettled or the execution there.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import structlog
from django.db import transaction
from django.db.models import Q

from jobs import clock
from jobs.engine.address import Address
from jobs.engine.errors import Refused
from jobs.models import Output
from jobs.workflows.models import Execution, SeenObject, Workflow
from jobs.workflows.starting import start
from jobs.workflows.tree import FILE_TYPES
from media_assets.models import Bucket, Discard, MediaFile, ObjectNote
from media_assets.storage import storage

if TYPE_CHECKING:
    from media_assets.objects import ObjectFacts

log = structlog.get_logger(__name__)
SETTLES = dt.timedelta(seconds=10)
"""How long a file put there by hand, or an object that is appended to, must have been the same. What else came through us, or lies in an S3 store, is whole as soon as it is there."""
LOCAL_EVERY = 2.0  # s between two looks at a folder
REMOTE_EVERY = 15.0  # … at a path of an S3 store
SHARE = 20  # a path whose listing takes long is looked at as rarely: a twentieth of the time at most
UNREACHABLE = 30.0  # s until a path that cannot be listed is tried again
PAGE = 20_000  # objects of one listing
QUERY = 400  # keys of one question to the database

Listing = Sequence["ObjectFacts"]


def listing(workflow: Workflow) -> Listing:
    """What lies below its path now and is of its file types. Raises Refused where the bucket cannot be listed."""
    return [facts for page in _pages(workflow) for facts in page]


def know(workflow: Workflow, there: Listing) -> None:
    """These objects are not new: they start nothing. Inside the caller's transaction."""
    now = clock.now()
    for part in _parts(there):
        keys = [facts.key for facts in part]
        SeenObject.objects.filter(workflow=workflow, key__in=keys, settled=False).delete()
        SeenObject.objects.bulk_create(
            (SeenObject(workflow=workflow, key=facts.key, etag=facts.etag, seen_at=now, settled=True) for facts in part), ignore_conflicts=True
        )


def due(now: dt.datetime) -> list[Workflow]:
    """Watching workflows whose paths are to be looked at."""
    rows = Workflow.objects.filter(state=Workflow.State.ACTIVE, trigger=Workflow.Trigger.AUTOMATIC)
    return list(rows.filter(Q(scan_at__isnull=True) | Q(scan_at__lte=now)).order_by("scan_at"))


def watch(now: dt.datetime | None = None) -> int:
    """Look at every path that is due; of several schedulers one does. Returns how many executions began."""
    now = now or clock.now()
    return sum(_look(row, now) for row in due(now) if _take(row, now))


def _take(row: Workflow, now: dt.datetime) -> bool:
    """Whether nobody else looks just now. A look that never ends is repeated by others: that costs time, and nothing begins twice."""
    return Workflow.objects.filter(pk=row.pk, scan_at=row.scan_at).update(scan_at=now + dt.timedelta(seconds=UNREACHABLE)) == 1


def _look(row: Workflow, now: dt.datetime) -> int:
    began, began_at, error = 0, time.monotonic(), ""
    every = REMOTE_EVERY if _is_remote(row.bucket) else LOCAL_EVERY
    try:
        began = scan(row, now)
    except Refused as refused:
        error, every = refused.message, UNREACHABLE
        log.warning("a workflow's path cannot be looked at", workflow=row.pk, code=refused.code)
    except OSError as trouble:
        error, every = str(trouble), UNREACHABLE
        log.warning("a workflow's path cannot be looked at", workflow=row.pk, error=str(trouble))
    later = max(every, SHARE * (time.monotonic() - began_at))
    Workflow.objects.filter(pk=row.pk, state=Workflow.State.ACTIVE).update(scan_at=clock.now() + dt.timedelta(seconds=later), scanned_at=now, scan_error=error)
    return began


def scan(workflow: Workflow, now: dt.datetime) -> int:
    """One look at the path. Returns how many executions began. Raises Refused or OSError where it cannot be listed."""
    remote = _is_remote(workflow.bucket)
    began = 0
    for page in _pages(workflow):
        for part in _parts(page):
            began += _scan_part(workflow, part, now, remote=remote)
    return began


def _scan_part(workflow: Workflow, part: Listing, now: dt.datetime, *, remote: bool) -> int:
    keys = [facts.key for facts in part]
    seen = {(row.key, row.etag): row for row in SeenObject.objects.filter(workflow=workflow, key__in=keys)}
    fresh = [facts for facts in part if (facts.key, facts.etag) not in seen]
    if fresh:
        with transaction.atomic():
            SeenObject.objects.filter(workflow=workflow, key__in=[facts.key for facts in fresh], settled=False).delete()  # it was still being written
            rows = [SeenObject(workflow=workflow, key=facts.key, etag=facts.etag, seen_at=now) for facts in fresh]
            SeenObject.objects.bulk_create(rows, ignore_conflicts=True)  # another scheduler may be as fast
    open_ = [facts for facts in part if (row := seen.get((facts.key, facts.etag))) is None or not row.settled]
    if not open_:
        return 0
    whole = _whole(workflow.bucket, open_, remote=remote)
    ready = [facts for facts in open_ if facts.key in whole or ((row := seen.get((facts.key, facts.etag))) is not None and now - row.seen_at >= SETTLES)]
    mine = ours(workflow.bucket, [facts.key for facts in ready])
    return sum(_begin(workflow, facts, is_ours=facts.key in mine) for facts in ready)


def _begin(workflow: Workflow, facts: ObjectFacts, *, is_ours: bool) -> bool:
    """Decide on an object version, once. True: an execution began."""
    with transaction.atomic():
        row = Workflow.objects.select_for_update().filter(pk=workflow.pk, state=Workflow.State.ACTIVE, trigger=Workflow.Trigger.AUTOMATIC).first()
        if row is None or (row.bucket, row.path) != (workflow.bucket, workflow.path):
            return False  # changed meanwhile: whoever changed it has said what is new
        open_ = SeenObject.objects.filter(workflow=workflow, key=facts.key, etag=facts.etag, settled=False)
        if not open_.update(settled=True) or is_ours:
            return False
        start(row, Address(row.bucket, facts.key), facts, trigger=Execution.Trigger.AUTOMATIC, owner=row.owner)
    return True


def ours(bucket: str, keys: Sequence[str]) -> set[str]:
    """Those of these objects that jobs of ours write or have written: they never start anything, however often they are written."""
    if not keys:
        return set()
    found: set[str] = set()
    for rows in (  # in this order: what a job records goes from the first to the last in one transaction
        Discard.objects.filter(bucket=bucket),  # being published, or to go away
        Output.objects.filter(bucket=bucket),
        MediaFile.objects.filter(bucket=bucket).exclude(role=MediaFile.Role.SOURCE),
    ):
        found.update(rows.filter(key__in=keys).order_by().values_list("key", flat=True))
    wanted = set(keys) - found
    for folder in {key[: key.rfind("/") + 1] for key in wanted}:
        sets = MediaFile.objects.filter(bucket=bucket, key__startswith=folder).exclude(role=MediaFile.Role.SOURCE).exclude(parts=[])
        for parts in sets.order_by().values_list("parts", flat=True):  # a set's other objects lie beside it
            found.update(wanted.intersection(parts))
    return found


def _whole(bucket: str, objects: Listing, *, remote: bool) -> set[str]:
    """Keys of objects that are whole as they are: those of a store, and those that the library knows since they came through us. Not those that somebody appends to."""
    etags = {facts.key: facts.etag for facts in objects}
    growing = ObjectNote.objects.filter(bucket=bucket, key__in=list(etags), kind=ObjectNote.Kind.APPENDABLE).values_list("key", "etag")
    appended = {key for key, etag in growing if etags[key] == etag}
    if remote:
        return etags.keys() - appended
    known = MediaFile.objects.filter(bucket=bucket, role=MediaFile.Role.SOURCE, key__in=list(etags)).values_list("key", "etag")
    return {key for key, etag in known if etags[key] == etag} - appended


def _is_remote(bucket: str) -> bool:
    return Bucket.objects.filter(name=bucket, driver=Bucket.Driver.S3).exists()


def _pages(workflow: Workflow) -> Iterable[Listing]:
    """Objects below the path that could start an execution: of its file types, not empty, not hidden."""
    place, after = storage(workflow.bucket), ""
    endings = tuple(f".{one}" for one in (workflow.file_types or FILE_TYPES))
    while True:
        page = place.list(workflow.path, after, PAGE)
        yield [facts for facts in page if facts.size and facts.key.lower().endswith(endings) and not facts.key.rpartition("/")[2].startswith(".")]
        if len(page) < PAGE:
            return
        after = page[-1].key


def _parts(page: Listing) -> Iterable[Listing]:
    return (page[at : at + QUERY] for at in range(0, len(page), QUERY))
