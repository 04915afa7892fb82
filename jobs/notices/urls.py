"""Pages of notifications, mounted at /console/notifications/."""

from __future__ import annotations

from django.urls import path

from jobs.notices import views

app_name = "notices"
urlpatterns = [
    path("", views.target_list, name="target_list"),
    path("new/", views.target_create, name="target_create"),
    path("deliveries/", views.delivery_list, name="delivery_list"),
    path("deliveries/<slug:delivery_id>/", views.delivery_detail, name="delivery_detail"),
    path("deliveries/<slug:delivery_id>/send/", views.delivery_send, name="delivery_send"),
    path("<slug:target_id>/", views.target_detail, name="target_detail"),
    path("<slug:target_id>/edit/", views.target_edit, name="target_edit"),
    path("<slug:target_id>/secret/", views.target_secret, name="target_secret"),
    path("<slug:target_id>/test/", views.target_test, name="target_test"),
    path("<slug:target_id>/resume/", views.target_resume, name="target_resume"),
    path("<slug:target_id>/delete/", views.target_delete, name="target_delete"),
]
