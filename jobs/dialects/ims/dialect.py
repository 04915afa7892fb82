"""IMS as the door sees it: every action, who may, and how much of it is served."""

from __future__ import annotations

from console.models import Role
from jobs.dialects.call import Action, Dialect
from jobs.dialects.ims import callback, conversions, mediainfos, pipelines, snapshots, templates, transcodes
from jobs.dialects.ims.errors import failure
from jobs.dialects.ims.unserved import NOT_SERVED

CONVERT = (
    "In a group with ManifestName the playlists of the rungs get names of ours beside the manifest, and rungs above the source are left out. The picture comes "
    "from the first input. Refused: ExternalURL, encryption, Features; selectors by other rules than tag; language controls other than InputFirst and Configured."
)
TRANSCODE = (
    "Several inputs need CombineConfigs; those that follow each other give picture and sound together. Subtitles are drawn into the picture. "
    "Refused: encryption, adaptive text."
)
TEMPLATES = "Types 1 (transcoding), 2 (snapshots), 4 and 5 (watermarks) only."
DIALECT = Dialect(
    product="ims",
    version="2020-11-09",
    actions={
        "SubmitMediaConvertJob": Action(conversions.submit, Role.OPERATOR, "partly", CONVERT),
        "GetMediaConvertJob": Action(conversions.get, Role.VIEWER),
        "ListMediaConvertJobs": Action(conversions.listing, Role.VIEWER),
        "SubmitTranscodeJob": Action(transcodes.submit, Role.OPERATOR, "partly", TRANSCODE),
        "GetTranscodeJob": Action(transcodes.get, Role.VIEWER),
        "ListTranscodeJobs": Action(transcodes.listing, Role.VIEWER),
        "SubmitSnapshotJob": Action(snapshots.submit, Role.OPERATOR, "partly", "Sprites always come with their WebVTT index; IsSptFrag is ignored."),
        "GetSnapshotJob": Action(snapshots.get, Role.VIEWER),
        "ListSnapshotJobs": Action(snapshots.listing, Role.VIEWER),
        "GetSnapshotUrls": Action(
            snapshots.urls, Role.VIEWER, "partly", "The addresses are not signed: fetch them with a signature of your own. Timeout is ignored."
        ),
        "SubmitMediaInfoJob": Action(mediainfos.submit, Role.OPERATOR),
        "SubmitSyncMediaInfoJob": Action(mediainfos.submit_and_wait, Role.OPERATOR, "partly", "A file that takes longer than 8 s to look at answers 503."),
        "GetMediaInfoJob": Action(mediainfos.get, Role.VIEWER),
        "ListMediaInfoJobs": Action(mediainfos.listing, Role.VIEWER),
        "SetEventCallback": Action(
            callback.set_callback, Role.ADMIN, "partly", "Queues are names here: their messages go to the address that is given in the console."
        ),
        "GetEventCallback": Action(callback.get_callback, Role.ADMIN, "partly", "AuthKey is not told again."),
        "CreatePipeline": Action(pipelines.create, Role.ADMIN),
        "GetPipeline": Action(pipelines.get, Role.VIEWER),
        "UpdatePipeline": Action(pipelines.update, Role.ADMIN),
        "DeletePipeline": Action(pipelines.delete, Role.ADMIN),
        "ListPipelines": Action(pipelines.listing, Role.VIEWER),
        "CreateCustomTemplate": Action(templates.create, Role.ADMIN, "partly", TEMPLATES),
        "GetCustomTemplate": Action(templates.get, Role.VIEWER, "partly", TEMPLATES),
        "UpdateCustomTemplate": Action(templates.update, Role.ADMIN, "partly", TEMPLATES),
        "DeleteCustomTemplate": Action(templates.delete, Role.ADMIN),
        "ListCustomTemplates": Action(templates.listing, Role.VIEWER, "partly", TEMPLATES),
        "ListSystemTemplates": Action(templates.listing_system, Role.VIEWER, "partly", "Type 1 only: the transcoding presets."),
        "GetSystemTemplate": Action(templates.get_system, Role.VIEWER, "partly", "Type 1 only: the transcoding presets."),
    },
    not_served=NOT_SERVED,
    failure=failure,
)
