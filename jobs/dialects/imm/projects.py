"""Projects and attached buckets. Thin: reads parameters, calls ``jobs.foreign.projects``, answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from console.lib.paging import page
from jobs.dialects.imm import answers
from jobs.dialects.imm.errors import no_attachment
from jobs.dialects.reading import Fields
from jobs.foreign import projects

if TYPE_CHECKING:
    from jobs.dialects.call import Answer, Call


def create_project(call: Call) -> Answer:
    """CreateProject."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    row = projects.create_project(fields.text("ProjectName"), fields.text("Description"), _foreign(fields))
    return {"Project": answers.project(row)}


def update_project(call: Call) -> Answer:
    """UpdateProject."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    description = fields.text("Description") if "Description" in call.params else None
    return {"Project": answers.project(projects.update_project(fields.text("ProjectName"), description, _foreign(fields)))}


def get_project(call: Call) -> Answer:
    """GetProject."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    return {"Project": answers.project(projects.find_project(fields.text("ProjectName")))}


def list_projects(call: Call) -> Answer:
    """ListProjects."""
    fields = Fields(call.params)
    wanted = [(tag.text("Key"), tag.text("Value")) for tag in fields.children("Tag", 20)]
    found = page(projects.projects(fields.text("Prefix")), fields.text("NextToken"), size=fields.whole("MaxResults", 1, 100) or 100)
    rows = [row for row in found.items if all(any((tag.get("Key"), tag.get("Value", "")) == one for tag in row.foreign.get("Tag", ())) for one in wanted)]
    return {"Projects": [answers.project(row) for row in rows], "NextToken": found.next or ""}


def delete_project(call: Call) -> Answer:
    """DeleteProject."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    projects.delete_project(fields.text("ProjectName"))
    return {}


def attach_bucket(call: Call) -> Answer:
    """AttachOSSBucket."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    fields.need("OSSBucket")
    projects.attach(fields.text("ProjectName"), fields.text("OSSBucket"), fields.text("Description"))
    return {}


def detach_bucket(call: Call) -> Answer:
    """DetachOSSBucket."""
    fields = Fields(call.params)
    fields.need("OSSBucket")
    projects.detach(_attached(fields))
    return {}


def get_attachment(call: Call) -> Answer:
    """GetOSSBucketAttachment."""
    fields = Fields(call.params)
    fields.need("OSSBucket")
    return answers.attachment(projects.attachment_of(_attached(fields)))


def list_attachments(call: Call) -> Answer:
    """ListAttachedOSSBuckets."""
    fields = Fields(call.params)
    fields.need("ProjectName")
    rows = projects.attachments(fields.text("ProjectName")).order_by("id")
    found = page(rows, fields.text("NextToken"), size=fields.whole("MaxResults", 1, 100) or 100)
    return {"AttachedOSSBuckets": [answers.attachment(row) for row in found.items], "NextToken": found.next or ""}


def _attached(fields: Fields) -> str:
    """The bucket's name; where it is attached to nothing, the product has its own sentence."""
    name = fields.text("OSSBucket")
    if projects.unattached({name}):
        raise no_attachment()
    return name


def _foreign(fields: Fields) -> dict[str, Any]:
    """What a project keeps only to tell it again."""
    found: dict[str, Any] = {name: fields.text(name, most=256) for name in ("ServiceRole", "TemplateId") if fields.has(name)}
    for name in answers.LIMITS:
        if (value := fields.whole(name, 0, 2**62)) is not None:
            found[name] = value
    if tags := fields.children("Tag", 20):
        found["Tag"] = [{"Key": tag.text("Key", most=128), "Value": tag.text("Value", most=128)} for tag in tags]
    return found
