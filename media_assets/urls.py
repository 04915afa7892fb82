"""Pages of the library, the upload and the buckets, mounted at /console/."""

from __future__ import annotations

from django.urls import path

from media_assets import bucket_views, bulk_views, link_views, snapshot_views, upload_views, views

app_name = "media"
urlpatterns = [
    path("media/", views.media_list, name="media_list"),
    path("media/bulk/", bulk_views.media_bulk, name="media_bulk"),
    path("media/upload/", upload_views.upload, name="upload"),
    path("media/upload/submit/", upload_views.upload_submit, name="upload_submit"),
    path("media/upload/jobs/<slug:job_id>/", upload_views.upload_job, name="upload_job"),
    path("media/categories/", views.category_list, name="category_list"),
    path("media/categories/<int:category_id>/", views.category_edit, name="category_edit"),
    path("media/categories/<int:category_id>/delete/", views.category_delete, name="category_delete"),
    path("media/<slug:media_id>/", views.media_detail, name="media_detail"),
    path("media/<slug:media_id>/edit/", views.media_edit, name="media_edit"),
    path("media/<slug:media_id>/publish/", views.media_publish, name="media_publish"),
    path("media/<slug:media_id>/link/", link_views.media_link, name="media_link"),
    path("media/<slug:media_id>/remove/", views.media_remove, name="media_remove"),
    path("media/<slug:media_id>/snapshots/", snapshot_views.media_snapshots, name="media_snapshots"),
    path("media/<slug:media_id>/snapshots.zip", snapshot_views.snapshot_zip, name="snapshot_zip"),
    path("media/<slug:media_id>/cover/", snapshot_views.media_cover, name="media_cover"),
    path("media/<slug:media_id>/cover/upload/", snapshot_views.cover_upload, name="cover_upload"),
    path("media/<slug:media_id>/<slug:tab>/", views.media_detail, name="media_tab"),
    path("buckets/", bucket_views.bucket_list, name="bucket_list"),
    path("buckets/new/", bucket_views.bucket_create, name="bucket_create"),
    path("buckets/<slug:name>/edit/", bucket_views.bucket_edit, name="bucket_edit"),
    path("buckets/<slug:name>/referers/", link_views.bucket_referers, name="bucket_referers"),
    path("buckets/<slug:name>/unbind/", bucket_views.bucket_unbind, name="bucket_unbind"),
    path("buckets/<slug:name>/check/", bucket_views.bucket_check, name="bucket_check"),
]
