"""Pages of jobs, mounted at /console/."""

from __future__ import annotations

from django.urls import path

from jobs import views
from jobs.analysing import views as analysis_views
from jobs.certificates import views as certificate_views
from jobs.comparing import views as compare_views
from jobs.frames import frame_views, snapshot_views
from jobs.inspecting import views as inspecting_views
from jobs.pages import detail_views, log_views, stream_views
from jobs.quality import views as quality_views
from jobs.submitting import draft_views
from jobs.submitting import views as new_views

app_name = "jobs"
urlpatterns = [
    path("compare/", compare_views.compare_page, name="compare"),
    path("compare/frame.png", compare_views.compare_frame, name="compare_frame"),
    path("compare/pair.png", compare_views.compare_pair, name="compare_pair"),
    path("compare/report/", compare_views.compare_report, name="compare_report"),
    path("compare/compare.json", compare_views.compare_json, name="compare_json"),
    path("compare/compare.csv", compare_views.compare_csv, name="compare_csv"),
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/rows/", views.job_rows, name="job_rows"),
    path("jobs/export/", views.job_export, name="job_export"),
    path("jobs/bulk/", views.job_bulk, name="job_bulk"),
    path("jobs/drafts/<slug:form>/", draft_views.draft_save, name="draft_save"),
    path("jobs/drafts/<slug:form>/discard/", draft_views.draft_discard, name="draft_discard"),
    path("jobs/views/", views.view_save, name="view_save"),
    path("jobs/views/<int:view_id>/delete/", views.view_delete, name="view_delete"),
    path("jobs/new/transcode/", new_views.job_new, name="job_new"),
    path("jobs/new/summary/", new_views.job_summary, name="job_summary"),
    path("jobs/new/frame.jpg", frame_views.input_frame, name="input_frame"),
    path("jobs/new/pick/", new_views.input_pick, name="input_pick"),
    path("jobs/new/snapshot/", snapshot_views.snapshot_new, name="snapshot_new"),
    path("jobs/new/snapshot/filmstrip/", snapshot_views.snapshot_filmstrip, name="snapshot_filmstrip"),
    path("jobs/new/snapshot/estimate/", snapshot_views.snapshot_estimate, name="snapshot_estimate"),
    path("jobs/new/inspect/", inspecting_views.inspect_new, name="inspect_new"),
    path("jobs/new/cover/", inspecting_views.cover_new, name="cover_new"),
    path("jobs/new/preview/", inspecting_views.preview_new, name="preview_new"),
    path("jobs/new/analysis/", analysis_views.analysis_new, name="analysis_new"),
    path("jobs/new/transcode/analysis/<str:job_id>/", analysis_views.analysis_wait, name="analysis_wait"),
    path("jobs/new/mediainfo/", new_views.mediainfo_new, name="mediainfo_new"),
    path("jobs/<str:job_id>/", detail_views.job_detail, name="job_detail"),
    path("jobs/<str:job_id>/live/", detail_views.job_live, name="job_live"),
    path("jobs/<str:job_id>/stream/", stream_views.job_stream, name="job_stream"),
    path("jobs/<str:job_id>/cancel/", detail_views.job_cancel, name="job_cancel"),
    path("jobs/<str:job_id>/outputs/<str:output_id>/cancel/", detail_views.output_cancel, name="output_cancel"),
    path("jobs/<str:job_id>/retry/", detail_views.job_retry, name="job_retry"),
    path("jobs/<str:job_id>/priority/", detail_views.job_priority, name="job_priority"),
    path("jobs/<str:job_id>/raw/download/", detail_views.raw_download, name="raw_download"),
    path("jobs/<str:job_id>/info/download/", detail_views.info_download, name="info_download"),
    path("jobs/<str:job_id>/log/tail/", log_views.log_tail, name="log_tail"),
    path("jobs/<str:job_id>/log/download/", log_views.log_download, name="log_download"),
    path("jobs/<str:job_id>/log/", log_views.job_log, name="job_log"),
    path("jobs/<str:job_id>/quality.csv", quality_views.quality_csv, name="quality_csv"),
    path("jobs/<str:job_id>/outputs/<slug:output_id>/measure/", quality_views.output_measure, name="output_measure"),
    path("jobs/<str:job_id>/outputs/<slug:output_id>/certificate/", certificate_views.certificate_page, name="output_certificate"),
    path("jobs/<str:job_id>/<slug:tab>/", detail_views.job_detail, name="job_tab"),
]
