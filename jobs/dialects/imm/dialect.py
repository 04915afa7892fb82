"""IMM as the door sees it: every action, who may, and how much of it is served."""

from __future__ import annotations

from console.models import Role
from jobs.dialects.call import Action, Dialect
from jobs.dialects.imm import projects, tasks
from jobs.dialects.imm.errors import failure
from jobs.dialects.imm.unserved import NOT_SERVED

MISSING_OF_TASKS = (
    "Targets of a TargetGroup are rungs beside the master, under names of ours. Refused: Notification.ExtendedMessageURI, Data, AttachedPicture, "
    "Desensitization, AlignMode loop and pad, SampleRateOption other than fixed, dhash among Image modes, credential chains."
)
DIALECT = Dialect(
    product="imm",
    version="2020-09-30",
    actions={
        "CreateMediaConvertTask": Action(tasks.create_task, Role.OPERATOR, "partly", MISSING_OF_TASKS),
        "GetTask": Action(tasks.get_task, Role.VIEWER),
        "ListTasks": Action(tasks.list_tasks, Role.VIEWER, "partly", "It does not sort by EndTime."),
        "DetectMediaMeta": Action(
            tasks.detect_meta,
            Role.OPERATOR,
            "partly",
            "A place is told as it is written in the file, without an address; a file that takes longer than 8 s to look at answers 503.",
        ),
        "CreateProject": Action(projects.create_project, Role.OPERATOR),
        "GetProject": Action(projects.get_project, Role.VIEWER, "partly", "Limits are told as they were sent; nothing is counted against them."),
        "ListProjects": Action(projects.list_projects, Role.VIEWER),
        "UpdateProject": Action(projects.update_project, Role.OPERATOR),
        "DeleteProject": Action(projects.delete_project, Role.OPERATOR),
        "AttachOSSBucket": Action(projects.attach_bucket, Role.OPERATOR),
        "DetachOSSBucket": Action(projects.detach_bucket, Role.OPERATOR),
        "GetOSSBucketAttachment": Action(projects.get_attachment, Role.VIEWER),
        "ListAttachedOSSBuckets": Action(projects.list_attachments, Role.VIEWER),
    },
    not_served=NOT_SERVED,
    failure=failure,
)
