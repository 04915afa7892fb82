"""MPS, version 2014-06-18: its actions, who may use them, and what is not served."""

from __future__ import annotations

from console.models import Role
from jobs.dialects.call import Action, Dialect
from jobs.dialects.mps import (
    analyses,
    buckets,
    categories,
    errors,
    executions,
    jobs,
    library,
    marks,
    mediainfo,
    pipelines,
    search,
    snapshots,
    submit,
    templates,
    workflows,
)

AI = "There is no recognition of contents here."
COPYRIGHT = "There are no fingerprints and no hidden watermarks here."

ACTIONS: dict[str, Action] = {
    "AddPipeline": Action(pipelines.add, Role.ADMIN, "partly", "Speed is Standard, Boost or NarrowBandHDV2; the pipelines of AI jobs do not exist."),
    "UpdatePipeline": Action(pipelines.update, Role.ADMIN, "partly", "ExtendConfig is ignored."),
    "QueryPipelineList": Action(pipelines.query, Role.VIEWER),
    "SearchPipeline": Action(pipelines.search, Role.VIEWER),
    "DeletePipeline": Action(pipelines.delete, Role.ADMIN),
    "AddTemplate": Action(
        templates.add,
        Role.ADMIN,
        "partly",
        "Video.ResoPriority, Video.Degrain, Video.Qscale and Audio.Qscale are ignored; Video.NarrowBand.MaxAbrRatio below 1 and the volume method adaptive "
        "are refused.",
    ),
    "UpdateTemplate": Action(templates.update, Role.ADMIN, "partly", "As AddTemplate."),
    "QueryTemplateList": Action(templates.query, Role.VIEWER),
    "SearchTemplate": Action(templates.search, Role.VIEWER),
    "DeleteTemplate": Action(templates.delete, Role.ADMIN),
    "AddWaterMarkTemplate": Action(
        marks.add, Role.ADMIN, "partly", "RatioRefer may only say what holds anyway: widths refer to the width, heights to the height; no negative offsets."
    ),
    "UpdateWaterMarkTemplate": Action(marks.update, Role.ADMIN, "partly", "As AddWaterMarkTemplate; the type cannot change."),
    "QueryWaterMarkTemplateList": Action(marks.query, Role.VIEWER),
    "SearchWaterMarkTemplate": Action(marks.search, Role.VIEWER),
    "DeleteWaterMarkTemplate": Action(marks.delete, Role.ADMIN),
    "SubmitJobs": Action(
        submit.submit,
        Role.OPERATOR,
        "partly",
        "Refused: raw PCM as an input, DigiWaterMark, SuperReso, WaterMarkConfigUrl, keys of a key service, VideoStreamMap beyond the first picture, "
        "Amix of other files. M3U8NonStandardSupport and TextWaterMark.Adaptive are ignored.",
    ),
    "QueryJobList": Action(jobs.query, Role.VIEWER, "partly", "Properties have no FileMd5; MultiSpeedInfo and ExtendData are not told."),
    "ListJob": Action(jobs.listed, Role.VIEWER, "partly", "As QueryJobList."),
    "CancelJob": Action(jobs.cancel, Role.OPERATOR),
    "SubmitSnapshotJob": Action(snapshots.submit, Role.OPERATOR, "partly", "Of sprites: CellSelStep and TimeArray are refused; SubOut is ignored."),
    "QuerySnapshotJobList": Action(snapshots.query, Role.VIEWER),
    "SubmitAnalysisJob": Action(analyses.submit, Role.OPERATOR),
    "QueryAnalysisJobList": Action(analyses.query, Role.VIEWER),
    "SubmitMediaInfoJob": Action(mediainfo.submit, Role.OPERATOR, "partly", "Config is ignored; no MD5, no NetworkCost, no SourceLogos."),
    "QueryMediaInfoJobList": Action(mediainfo.query, Role.VIEWER),
    "AddMedia": Action(library.add, Role.OPERATOR, "partly", "OverrideParams is ignored, and refused with MediaWorkflowId."),
    "UpdateMedia": Action(library.update, Role.OPERATOR),
    "DeleteMedia": Action(library.delete, Role.ADMIN),
    "QueryMediaList": Action(library.query, Role.VIEWER, "partly", "SummaryList is empty."),
    "QueryMediaListByURL": Action(library.query_by_url, Role.VIEWER, "partly", "As QueryMediaList."),
    "SearchMedia": Action(search.search, Role.VIEWER),
    "ListMedia": Action(search.listed, Role.VIEWER),
    "AddMediaTag": Action(library.add_tag, Role.OPERATOR),
    "DeleteMediaTag": Action(library.delete_tag, Role.OPERATOR),
    "UpdateMediaCategory": Action(library.update_category, Role.OPERATOR),
    "UpdateMediaCover": Action(library.update_cover, Role.OPERATOR),
    "UpdateMediaPublishState": Action(library.update_publish_state, Role.OPERATOR),
    "PlayInfo": Action(
        search.play_info,
        Role.VIEWER,
        "partly",
        "Of published media only; AuthInfo, Rand, PlayDomain, HlsUriToken and Terminal are ignored: the addresses are signed.",
    ),
    "AddCategory": Action(categories.add, Role.OPERATOR),
    "CategoryTree": Action(categories.tree, Role.VIEWER),
    "ListAllCategory": Action(categories.listed, Role.VIEWER),
    "UpdateCategoryName": Action(categories.rename, Role.OPERATOR),
    "DeleteCategory": Action(categories.delete, Role.OPERATOR),
    "AddMediaWorkflow": Action(
        workflows.add,
        Role.ADMIN,
        "partly",
        "Activities are Start, Transcode, Snapshot (Screenshot), Analysis and Report; those of packaging, recognition and fingerprints are refused by name. "
        "An activity comes after one other, only Report after several; all outputs have one Priority.",
    ),
    "UpdateMediaWorkflow": Action(workflows.update, Role.ADMIN, "partly", "As AddMediaWorkflow; it need not be inactive."),
    "UpdateMediaWorkflowTriggerMode": Action(workflows.update_trigger_mode, Role.ADMIN),
    "ActivateMediaWorkflow": Action(workflows.activate, Role.OPERATOR),
    "DeactivateMediaWorkflow": Action(workflows.deactivate, Role.OPERATOR),
    "DeleteMediaWorkflow": Action(workflows.delete, Role.ADMIN, "partly", "What was deleted is not found afterwards; refused while an execution runs."),
    "QueryMediaWorkflowList": Action(
        workflows.query,
        Role.VIEWER,
        "partly",
        "The Topology of a workflow that was changed here names templates and addresses, not what is changed of templates.",
    ),
    "SearchMediaWorkflow": Action(workflows.search, Role.VIEWER, "partly", "As QueryMediaWorkflowList; none is Deleted."),
    "QueryMediaWorkflowExecutionList": Action(
        executions.query, Role.VIEWER, "partly", "An activity that waits is not told; JobId of a Transcode with several outputs is that of the first."
    ),
    "ListMediaWorkflowExecutions": Action(executions.listed, Role.VIEWER, "partly", "As QueryMediaWorkflowExecutionList."),
    "BindInputBucket": Action(buckets.bind_input, Role.ADMIN, "partly", "Referer is ignored: objects are not read over HTTP."),
    "UnbindInputBucket": Action(buckets.unbind_input, Role.ADMIN),
    "BindOutputBucket": Action(buckets.bind_output, Role.ADMIN),
    "UnbindOutputBucket": Action(buckets.unbind_output, Role.ADMIN),
    "ListAllMediaBucket": Action(buckets.listed, Role.VIEWER),
}

_MISSING: dict[str, tuple[str, ...]] = {
    AI: (
        "SubmitIProductionJob", "QueryIProductionJob", "SubmitMediaCensorJob", "QueryMediaCensorJobDetail", "QueryMediaCensorJobList", "ImAudit",
        "SubmitSmarttagJob", "QuerySmarttagJob", "AddSmarttagTemplate", "UpdateSmarttagTemplate", "DeleteSmarttagTemplate", "QuerySmarttagTemplateList",
        "CreateCustomEntity", "DeleteCustomEntity", "ListCustomEntities", "CreateCustomGroup", "DeleteCustomGroup", "ListCustomGroups", "RegisterCustomFace",
        "UnregisterCustomFace", "RegisterCustomView", "DeleteCustomView", "ListCustomViews", "ListCustomPersons", "TagCustomPerson", "SubmitCoverJob",
        "QueryCoverJobList", "SubmitVideoSummaryJob", "QueryVideoSummaryJobList", "SubmitBeautifyJobs", "QueryBeautifyJobList",
        # of older SDKs
        "AddAsrPipeline", "AddCensorPipeline", "AddCoverPipeline", "AddMCTemplate", "AddPornPipeline", "AddTerrorismPipeline", "CreateMcuTemplate",
        "DeleteMCTemplate", "DeleteMcuJob", "DeleteMcuTemplate", "ListAsrPipeline", "ListCensorPipeline", "ListCoverPipeline", "ListInferenceJob",
        "ListPornPipeline", "ListTerrorismPipeline", "QueryAnnotationJobList", "QueryAsrJobList", "QueryAsrPipelineList", "QueryCensorJobList",
        "QueryCensorPipelineList", "QueryCoverPipelineList", "QueryFacerecogJobList", "QueryIProductionJobList", "QueryImageSearchJobList",
        "QueryInferenceJob", "QueryInnerJob", "QueryMCJobList", "QueryMCTemplateList", "QueryMcuJob", "QueryMcuTemplate", "QueryMediaDetailJobList",
        "QueryPornJobList", "QueryPornPipelineList", "QueryTagJobList", "QueryTerrorismJobList", "QueryTerrorismPipelineList", "QueryVideoPoseJobList",
        "QueryVideoSplitJobList", "RegisterMediaDetailPerson", "RegisterMediaDetailScenario", "ReportAnnotationJobResult", "ReportCensorJobResult",
        "ReportCoverJobResult", "ReportFacerecogJobResult", "ReportMediaDetailJobResult", "ReportPornJobResult", "ReportTagJobResult",
        "ReportTerrorismJobResult", "ReportVideoSplitJobResult", "StopIProductionJob", "SubmitAnnotationJob", "SubmitAsrJob", "SubmitFacerecogJob",
        "SubmitImageSearchJob", "SubmitInferenceJob", "SubmitInnerJob", "SubmitMCJob", "SubmitMcuJob", "SubmitMediaDetailJob", "SubmitPornJob",
        "SubmitTagJob", "SubmitTerrorismJob", "SubmitVideoPoseJob", "SubmitVideoSplitJob", "UpdateAsrPipeline", "UpdateCensorPipeline",
        "UpdateCoverPipeline", "UpdateMCTemplate", "UpdateMcuTemplate", "UpdatePornPipeline", "UpdateTerrorismPipeline",
    ),
    COPYRIGHT: (
        "SubmitFpShotJob", "QueryFpShotJobList", "ImportFpShotJob", "CreateFpShotDB", "ListFpShotDB", "ListFpShotFiles", "ListFpShotImportJob",
        "SubmitFpFileDeleteJob", "QueryFpFileDeleteJobList", "SubmitFpDBDeleteJob", "QueryFpDBDeleteJobList", "SubmitCopyrightJob", "QueryCopyrightJob",
        "SubmitCopyrightExtractJob", "QueryCopyrightExtractJob", "SubmitImageCopyright", "SubmitTraceAbJob", "QueryTraceAbJob", "SubmitTraceM3u8Job",
        "QueryTraceM3u8Job", "SubmitTraceExtractJob", "QueryTraceExtractJob",
        # of older SDKs
        "ListFpShotNotary", "QueryFpCompareJobList", "QueryFpImportResult", "QueryMediaFpDeleteJobList", "ReportFpShotJobResult", "SubmitFpCompareJob",
        "SubmitMediaFpDeleteJob",
    ),
    "Use SubmitJobs with the container gif.": ("SubmitVideoGifJob", "QueryVideoGifJobList"),
    "Use SubmitJobs with MergeList.": ("SubmitEditingJobs", "QueryEditingJobList", "SubmitComplexJob", "QueryComplexJob", "QueryComplexJobList"),
    "Use SubmitJobs with SubtitleConfig.": ("SubmitSubtitleJob", "QuerySubtitleJobList"),
    "Addresses of PlayInfo are signed; keys are given out at this site's own key address.": (
        "PlayerAuth", "QueryAuthConfig", "SetAuthConfig", "DecryptKey", "GetLicense",
    ),
    "There are no regions and no resources of an account here.": (
        "CheckResource", "LogicalDeleteResource", "PhysicalDeleteResource", "CreateSession", "DescribeMtsUserResourcePackage", "GetPackage",
        "RefreshCdnDomainConfigsCache",
    ),
    "Quality is measured in the console and by the JSON interface.": (
        "SubmitImageQualityJob", "SubmitVideoQualityJob", "QueryVideoQualityJob",
    ),
    "Use QuerySnapshotJobList.": ("QuerySnapshotJobListV2",),
}  # fmt: skip

DIALECT = Dialect(
    product="Mts",
    version="2014-06-18",
    actions=ACTIONS,
    not_served={name: why for why, names in _MISSING.items() for name in names},
    failure=errors.failure,
)
