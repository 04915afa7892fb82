"""The database between tests: presets copied in instead of loaded, and only tables that have rows emptied. Both came to half of the time of all tests."""

from __future__ import annotations

from typing import Any

from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model, OuterRef
from django.test import TransactionTestCase

KEPT = {"django_migrations", "django_content_type", "auth_permission"}  # made with the tables, and of the code: never other rows than now
_presets: list[tuple[type[Model], list[Any]]] = []  # as load_presets wrote them in this process


def put_presets() -> None:
    """Have the shipped templates in the database: by ``load_presets`` the first time, or where there are other templates; else the same rows again."""
    from templates_app import services
    from templates_app.models import Template, TemplateVersion

    if Template.objects.exists():
        services.load_presets()
    elif not _presets:
        services.load_presets()
        _presets.append((Template, list(Template.objects.order_by("created_at", "pk").values("id", "name", "kind", "description"))))
        _presets.append((TemplateVersion, list(TemplateVersion.objects.order_by("pk").values("template_id", "number", "params"))))
    else:
        with transaction.atomic():
            for model, rows in _presets:
                model._default_manager.bulk_create(model(**row) for row in rows)
            Template.objects.update(current=TemplateVersion.objects.filter(template=OuterRef("pk")).values("pk"))


def empty(_case: TransactionTestCase) -> None:
    """After a test that commits. Django's own way truncates every table (on PostgreSQL that is most of a short test) and makes types and permissions anew."""
    tables = [name for name in connection.introspection.django_table_names(only_existing=True, include_views=False) if name not in KEPT]
    quoted = {name: connection.ops.quote_name(name) for name in sorted(tables)}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {q})" for name, q in quoted.items()))  # noqa: S608  # names of our tables
        for (name,) in cursor.fetchall():
            if name == "console_auditentry":  # its trigger lets nobody delete
                for statement in connection.ops.sql_flush(no_style(), [name]):
                    cursor.execute(statement)
            else:
                cursor.execute(f"DELETE FROM {quoted[name]}")  # noqa: S608  # the same; foreign keys are looked at when the transaction ends


TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]  # the stubs leave out what begins with _
