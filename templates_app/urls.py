"""Pages of transcoding, watermark and snapshot templates, mounted at /console/templates/."""

from __future__ import annotations

from django.urls import path

from templates_app import transfer_views, version_views, views
from templates_app.marks import views as mark_views
from templates_app.snapshots import views as snapshot_views

app_name = "templates"
urlpatterns = [
    path("watermark/", mark_views.mark_list, name="mark_list"),
    path("watermark/new/", mark_views.mark_create, name="mark_create"),
    path("watermark/preview/", mark_views.mark_preview, name="mark_preview"),
    path("watermark/<str:mark_id>/", mark_views.mark_detail, name="mark_detail"),
    path("watermark/<str:mark_id>/edit/", mark_views.mark_edit, name="mark_edit"),
    path("watermark/<str:mark_id>/delete/", mark_views.mark_delete, name="mark_delete"),
    path("watermark/<str:mark_id>/thumb.png", mark_views.mark_thumb, name="mark_thumb"),
    path("snapshot/", snapshot_views.snapshot_list, name="snapshot_list"),
    path("snapshot/new/", snapshot_views.snapshot_create, name="snapshot_create"),
    path("snapshot/<str:snapshot_id>/", snapshot_views.snapshot_detail, name="snapshot_detail"),
    path("snapshot/<str:snapshot_id>/edit/", snapshot_views.snapshot_edit, name="snapshot_edit"),
    path("snapshot/<str:snapshot_id>/delete/", snapshot_views.snapshot_delete, name="snapshot_delete"),
    path("transcode/", views.template_list, name="template_list"),
    path("transcode/new/", views.template_create, name="template_create"),
    path("transcode/preview/", views.template_preview, name="template_preview"),
    path("transcode/test/", views.template_test, name="template_test"),
    path("transcode/export/", transfer_views.template_export, name="template_export"),
    path("transcode/import/", transfer_views.template_import, name="template_import"),
    path("transcode/bulk/", transfer_views.template_bulk, name="template_bulk"),
    path("transcode/<str:template_id>/", views.template_detail, name="template_detail"),
    path("transcode/<str:template_id>/edit/", views.template_edit, name="template_edit"),
    path("transcode/<str:template_id>/duplicate/", views.template_duplicate, name="template_duplicate"),
    path("transcode/<str:template_id>/delete/", views.template_delete, name="template_delete"),
    path("transcode/<str:template_id>/versions/", version_views.template_versions, name="template_versions"),
    path("transcode/<str:template_id>/versions/<int:number>/restore/", version_views.template_restore, name="template_restore"),
]
