"""IMM's actions that are known and not served, by reason. Data only."""

from __future__ import annotations

_REASONS: dict[str, str] = {
    "Pictures, documents and archives are not processed here.": """
        AddImageMosaic CompareImageFaces CreateArchiveFileInspectionTask CreateCompressPointCloudTask CreateDecodeBlindWatermarkTask
        CreateFileCompressionTask CreateFileUncompressionTask CreateImageModerationTask CreateImageSplicingTask CreateImageToPDFTask
        CreateOfficeConversionTask CreateSimilarImageClusteringTask DetectImageBodies DetectImageCars DetectImageCodes DetectImageCropping
        DetectImageFaces DetectImageLabels DetectImageScore DetectImageTexts DetectTextAnomaly EncodeBlindWatermark ExtractDocumentText
        GenerateWebofficeToken GetDecodeBlindWatermarkResult GetFileSignedURI GetImageModerationResult GetOfficeConversionTask GetWebofficeURL
        ListOfficeConversionTask RefreshWebofficeToken
    """,
    "Recognition of content is not offered here.": """
        ContextualAnswer ContextualRetrieval CreateDetectVideoLabelsTask CreateFacesSearchingTask CreateHighlightTask CreateVideoLabelClassificationTask
        CreateVideoModerationTask GetDetectVideoLabelsResult GetVideoLabelClassificationResult GetVideoModerationResult SearchImageFigureCluster
    """,
    "There are no data sets, clusters and stories here; the media library is elsewhere.": """
        AddStoryFiles BatchDeleteFileMeta BatchGetFigureCluster BatchGetFileMeta BatchIndexFileMeta BatchUpdateFileMeta CreateBinding
        CreateCustomizedStory CreateDataset CreateFigureClusteringTask CreateFigureClustersMergingTask CreateLocationDateClusteringTask CreateStory
        DeleteBinding DeleteDataset DeleteFileMeta DeleteLocationDateCluster DeleteStory FuzzyQuery GetBinding GetDataset GetFigureCluster GetFileMeta
        GetStory IndexFileMeta ListBindings ListDatasets MergeFigureClusters QueryFigureClusters QueryLocationDateClusters QuerySimilarImageClusters QueryStories
        RemoveStoryFiles ResumeBinding SemanticQuery SimpleQuery StopBinding UpdateDataset UpdateFigureCluster UpdateFileMeta UpdateLocationDateCluster UpdateStory
    """,
    "Triggers and batches come with workflows.": """
        CreateBatch CreateTrigger DeleteBatch DeleteTrigger GetBatch GetTrigger ListBatches ListTriggers ResumeBatch ResumeTrigger SuspendBatch
        SuspendTrigger UpdateBatch UpdateTrigger
    """,
    "What is visible is complete: there are no playlists of parts that are made while somebody plays them.": "GenerateDRMLicense GenerateVideoPlaylist GetDRMLicense LiveTranscoding",
    "There are no regions here.": "ListRegions",
}
NOT_SERVED: dict[str, str] = {name: reason for reason, names in _REASONS.items() for name in names.split()}
