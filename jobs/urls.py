"""Pages of jobs, mounted at /console/."""

from __future__ import annotations

from django.urls import path

from jobs import detail_views, log_views, new_views, views

app_name = "jobs"
urlpatterns = [
    path("jobs/", views.job_list, name="job_list"),
    path("jobs/rows/", views.job_rows, name="job_rows"),
    path("jobs/export/", views.job_export, name="job_export"),
    path("jobs/bulk/", views.job_bulk, name="job_bulk"),
    path("jobs/views/", views.view_save, name="view_save"),
    path("jobs/views/<int:view_id>/delete/", views.view_delete, name="view_delete"),
    path("jobs/new/transcode/", new_views.job_new, name="job_new"),
    path("jobs/new/summary/", new_views.job_summary, name="job_summary"),
    path("jobs/new/pick/", new_views.input_pick, name="input_pick"),
    path("jobs/new/mediainfo/", new_views.mediainfo_new, name="mediainfo_new"),
    path("jobs/<str:job_id>/", detail_views.job_detail, name="job_detail"),
    path("jobs/<str:job_id>/live/", detail_views.job_live, name="job_live"),
    path("jobs/<str:job_id>/cancel/", detail_views.job_cancel, name="job_cancel"),
    path("jobs/<str:job_id>/retry/", detail_views.job_retry, name="job_retry"),
    path("jobs/<str:job_id>/priority/", detail_views.job_priority, name="job_priority"),
    path("jobs/<str:job_id>/raw/download/", detail_views.raw_download, name="raw_download"),
    path("jobs/<str:job_id>/log/tail/", log_views.log_tail, name="log_tail"),
    path("jobs/<str:job_id>/log/download/", log_views.log_download, name="log_download"),
    path("jobs/<str:job_id>/log/", log_views.job_log, name="job_log"),
    path("jobs/<str:job_id>/<slug:tab>/", detail_views.job_detail, name="job_tab"),
]
