"""Pages of transcoding templates, mounted at /console/templates/."""

from __future__ import annotations

from django.urls import path

from templates_app import views

app_name = "templates"
urlpatterns = [
    path("transcode/", views.template_list, name="template_list"),
    path("transcode/new/", views.template_create, name="template_create"),
    path("transcode/preview/", views.template_preview, name="template_preview"),
    path("transcode/<str:template_id>/", views.template_detail, name="template_detail"),
    path("transcode/<str:template_id>/edit/", views.template_edit, name="template_edit"),
    path("transcode/<str:template_id>/duplicate/", views.template_duplicate, name="template_duplicate"),
    path("transcode/<str:template_id>/delete/", views.template_delete, name="template_delete"),
]
