"""IMS's actions that are known and not served, by reason. Data only."""

from __future__ import annotations

_REASONS: dict[str, str] = {
    "Callbacks are set by SetEventCallback.": """
        DescribeNotifyConfig SetNotifyConfig
    """,
    "Live channels, live streams and connections are not processed here.": """
        AddAdInsertion AddMediaConnectFlowInput AddMediaConnectFlowOutput CloseMediaConnectFlowFailover CreateChannel CreateLivePackageChannel
        CreateLivePackageChannelGroup CreateLivePackageOriginEndpoint CreateLiveRecordTemplate CreateLiveSnapshotTemplate CreateLiveTranscodeTemplate
        CreateMediaConnectFlow CreateMediaLiveChannel CreateMediaLiveInput CreateMediaLiveInputSecurityGroup CreateProgram CreateSource
        CreateSourceLocation CreateUploadStream DeleteAdInsertion DeleteChannel DeleteLivePackageChannel DeleteLivePackageChannelGroup
        DeleteLivePackageOriginEndpoint DeleteLiveRecordFiles DeleteLiveRecordTemplate DeleteLiveSnapshotFiles DeleteLiveSnapshotTemplate
        DeleteLiveTranscodeJob DeleteLiveTranscodeTemplate DeleteMediaConnectFlow DeleteMediaConnectFlowInput DeleteMediaConnectFlowOutput
        DeleteMediaLiveChannel DeleteMediaLiveInput DeleteMediaLiveInputSecurityGroup DeleteProgram DeleteSource DeleteSourceLocation DescribePlayList
        ForbidMediaConnectFlowOutput GetAdInsertion GetChannel GetLiveEditingIndexFile GetLiveEditingJob GetLivePackageChannel
        GetLivePackageChannelGroup GetLivePackageOriginEndpoint GetLiveRecordJob GetLiveRecordTemplate GetLiveSnapshotJob GetLiveSnapshotTemplate
        GetLiveTranscodeJob GetLiveTranscodeTemplate GetMediaConnectAvailableRegion GetMediaConnectFlow GetMediaConnectFlowAllOutputName
        GetMediaConnectFlowInput GetMediaConnectFlowOutput GetMediaLiveChannel GetMediaLiveInput GetMediaLiveInputSecurityGroup GetProgram GetSource
        GetSourceLocation ListAdInsertions ListAlerts ListChannelAlerts ListChannels ListLivePackageChannelGroups ListLivePackageChannels
        ListLivePackageOriginEndpoints ListLiveRecordFiles ListLiveRecordJobs ListLiveRecordTemplates ListLiveSnapshotFiles ListLiveSnapshotJobs
        ListLiveSnapshotTemplates ListLiveTranscodeJobs ListLiveTranscodeTemplates ListMediaLiveChannels ListMediaLiveInputSecurityGroups
        ListMediaLiveInputs ListPrograms ListSchedules ListSourceLocations ListSources OpenMediaConnectFlowFailover RegisterMediaStream
        ResumeMediaConnectFlowOutput SendAIAgentDataChannelMessage SendLiveSnapshotJobCommand SendLiveTranscodeJobCommand StartChannel
        StartMediaLiveChannel StopChannel StopMediaLiveChannel SubmitLiveEditingJob SubmitLiveRecordJob SubmitLiveSnapshotJob SubmitLiveTranscodeJob
        UpdateAdInsertion UpdateChannel UpdateLivePackageChannel UpdateLivePackageChannelCredentials UpdateLivePackageChannelGroup
        UpdateLivePackageOriginEndpoint UpdateLiveRecordTemplate UpdateLiveSnapshotTemplate UpdateLiveTranscodeJob UpdateLiveTranscodeTemplate
        UpdateMediaConnectFlowInput UpdateMediaConnectFlowOutput UpdateMediaConnectFlowStatus UpdateMediaLiveChannel UpdateMediaLiveInput
        UpdateMediaLiveInputSecurityGroup UpdateProgram UpdateSource UpdateSourceLocation UploadStreamByURL
    """,
    "Conversation with people, by voice or text, is not offered here.": """
        ActiveAiRtcLicense ClearAIAgentVoiceprint CreateIpcOrder DeleteAIAgentDialogue DescribeAIAgentInstance DescribeRtcRobotInstance
        ForwardAIAgentCall GenerateAIAgentCall GenerateMessageChatToken GetAIAgentConcurrency GetAiRtcAuthCodeList GetAiRtcLicenseInfoList
        GetIpcDeviceInfo ListAIAgentDialogues ListAIAgentInstance ListAIAgentPhoneNumber ListAIAgentVoiceprints QueryIpcQuota SendAIAgentSpeech
        SendAIAgentText SendMessageChatText SetAIAgentVoiceprint StartAIAgentInstance StartAIAgentOutboundCall StartRtcRobotInstance
        StopAIAgentInstance StopRtcRobotInstance SubmitAIAgentVideoAuditTask TakeoverAIAgentCall UpdateAIAgentInstance UpdateRtcRobotInstance
    """,
    "Recognition and search by content are not offered here.": """
        AddStreamTagToSearchLib AlterSearchIndex AlterSearchLib CancelDNAJob CloseStreamToSearchLib CreateAudit CreateDNADB CreateRecognitionEntity
        CreateRecognitionLib CreateRecognitionSample CreateSearchIndex CreateSearchLib CreateStreamToSearchLib DeleteDNADB DeleteDNAFiles
        DeleteMediaFromSearchLib DeleteRecognitionEntity DeleteRecognitionLib DeleteRecognitionSample DropSearchIndex DropSearchLib
        GetContentAnalyzeConfig GetStreamTagList InsertMediaToSearchLib ListDNADB ListDNAFiles ListRecognitionEntities ListRecognitionLibs
        ListRecognitionSamples ListSearchLib QueryDNAJobList QueryMediaCensorJobDetail QueryMediaCensorJobList QueryMediaIndexJob QuerySearchIndex
        QuerySearchLib QuerySmarttagJob QueryVideoCognitionJob SearchIndexJobRerun SearchMedia SearchMediaByAILabel SearchMediaByFace
        SearchMediaByHybrid SearchMediaByMultimodal SearchMediaClipByFace SearchPublicMediaInfo SetContentAnalyzeConfig SubmitDNAJob
        SubmitHighlightExtractionJob SubmitMediaAiAnalysisJob SubmitMediaCensorJob SubmitScreenMediaHighlightsJob SubmitSegmentationJob
        SubmitSmarttagJob SubmitSportsHighlightsJob SubmitVideoCognitionJob UpdateMediaToSearchLib
    """,
    "Speech, avatars, voices and generated content are not offered here.": """
        AddYikeUserCredit BatchGetYikeAIAppJob BatchGetYikeAssetMediaInfos CancelIProductionJob CreateAvatarTrainingJob CreateCustomizedVoiceJob
        CreateHotwordLibrary CreateYikeAssetUpload CreateYikeProduction CreateYikeUser CreateYikeWorkspace DeleteAvatarTrainingJob
        DeleteCustomizedVoiceJob DeleteHotwordLibrary DeleteSmartJob DeleteYikeAssetMediaInfos DetectAudioForCustomizedVoiceJob GetAIWorkflowTask
        GetAvatar GetAvatarTrainingJob GetCustomizedVoice GetCustomizedVoiceJob GetDemonstrationForCustomizedVoiceJob GetHotwordLibrary
        GetSmartHandleJob GetYikeAIAppJob GetYikeAssetMediaInfo GetYikeStoryboardJob GetYikeUser GetYikeUserCredit ListAvatarTrainingJobs ListAvatars
        ListCustomizedVoiceJobs ListCustomizedVoices ListHotwordLibraries ListSmartJobs ListSmartSysAvatarModels ListSmartVoiceGroups
        ListYikeAssetFolders ListYikeProductions PrecheckYikeAIAppJob QueryIProductionJob RegisterYikeAssetMediaInfo ResumeYikeStoryboardJob
        SetYikeUserRole StartAIWorkflow StopAIWorkflowTask SubYikeUserCredit SubmitASRJob SubmitAudioProduceJob SubmitAvatarTrainingJob
        SubmitAvatarVideoJob SubmitCosyVoiceCustomizedVoiceJob SubmitCustomizedVoiceJob SubmitDynamicChartJob SubmitIProductionJob
        SubmitStandardCustomizedVoiceJob SubmitTextGenerateJob SubmitVideoTranslationJob SubmitYikeAIAppJob SubmitYikeStoryboardJob
        UpdateAvatarTrainingJob UpdateCustomizedVoice UpdateHotwordLibrary
    """,
    "Hidden watermarks against copying are not offered here.": """
        QueryCopyrightExtractJob QueryCopyrightJobList QueryTraceAbJobList QueryTraceExtractJob QueryTraceM3u8JobList SubmitCopyrightExtractJob
        SubmitCopyrightJob SubmitTraceAbJob SubmitTraceExtractJob SubmitTraceM3u8Job
    """,
    "Editing projects and their templates are not offered here; parts are joined by transcode jobs.": """
        AddEditingProjectMaterials AddFavoritePublicMedia AddMediaMarks AddTemplate CancelFavoritePublicMedia CreateEditingProject
        DeleteEditingProjectMaterials DeleteEditingProjects DeleteMediaMarks DeleteTemplate DescribeMeterImsEditUsage GetBatchMediaProducingJob
        GetEditingProject GetEditingProjectMaterials GetMediaMarks GetMediaProducingJob GetProjectExportJob GetPublicMediaInfo GetTemplate
        GetTemplateMaterials GetTemplateParams ListAllPublicMediaTags ListBatchMediaProducingJobs ListEditingProjects ListMediaMarks
        ListMediaProducingJobs ListPublicMediaBasicInfos ListTemplates SearchEditingProject SubmitBatchMediaProducingJob SubmitMediaProducingJob
        SubmitProjectExportJob SubmitSceneBatchEditingJob SubmitSceneMediaSelectionJob SubmitSceneTimelineOrganizationJob UpdateEditingProject
        UpdateMediaMarks UpdateTemplate
    """,
    "Packaging while somebody watches is not offered here; HLS and DASH are outputs.": """
        BatchCreateVodPackagingAsset CreateVodPackagingAsset CreateVodPackagingConfiguration CreateVodPackagingGroup DeleteVodPackagingAsset
        DeleteVodPackagingConfiguration DeleteVodPackagingGroup GetPackageJob GetVodPackagingAsset GetVodPackagingConfiguration GetVodPackagingGroup
        ListPackageJobs ListVodPackagingAssets ListVodPackagingConfigurations ListVodPackagingGroups SubmitPackageJob
    """,
    "Animations are outputs of transcode jobs here: a template whose container is gif or webp.": """
        GetDynamicImageJob ListDynamicImageJobs SubmitDynamicImageJob
    """,
    "Workflows come later.": """
        GetWorkflowTask ListWorkflowTasks StartWorkflow
    """,
    "No template is taken where none is named.": """
        SetDefaultCustomTemplate
    """,
    "Keys are kept sealed by the service itself.": """
        DecryptKMSDataKey GenerateKMSDataKey
    """,
    "Usage is told by the service's own pages.": """
        DescribeIceProductStatus DescribeMeterImsMediaConvertUHDUsage DescribeMeterImsMediaConvertUsage DescribeMeterImsMpsAiUsage
        DescribeMeterImsSummary DescribeRelatedAuthorizationStatus
    """,
    "The media library, uploads and buckets have interfaces of their own: the JSON interface, MPS and OSS.": """
        AddCategory BatchGetMediaInfos CreateUploadMedia DeleteCategory DeleteMediaInfos DeletePlayInfo GetCategories GetDefaultStorageLocation
        GetMediaInfo GetPlayInfo GetStorageList GetUrlUploadInfos GetVideoList ListMediaBasicInfos RefreshUploadMedia RegisterMediaInfo
        SetDefaultStorageLocation UpdateCategory UpdateMediaInfo UploadMediaByURL
    """,
}
NOT_SERVED: dict[str, str] = {name: reason for reason, names in _REASONS.items() for name in names.split()}
