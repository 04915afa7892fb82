"""``manage.py first_run``: make the data folder and the database ready. Safe to repeat; a start without news takes about a second."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import BaseCommand, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q

from console import access_keys, auth
from console.lib.catalogues import compile_catalogues
from console.lib.env import env
from console.lib.static import collect_static
from console.models import AccessKey, ApiToken, Role
from jobs import services
from jobs.engine.address import Address
from jobs.engine.spec import InputSpec, OutputSpec, TranscodeSpec
from jobs.models import Job, Pipeline
from media_assets import services as media_services
from media_assets.models import Media
from media_assets.storage import storage
from templates_app import services as template_services

ADMIN = "admin"
TOKEN_NAME = "REELMILL_API_TOKEN"  # noqa: S105  the name of the setting, not its value
KEY_NAME = "REELMILL_ACCESS_KEY_ID"
SAMPLE = Path(settings.BASE_DIR) / "media_assets" / "sample" / "flower.mp4"
SAMPLE_KEY = "sample/flower.mp4"
SAMPLE_OUTPUTS = (("mp4-h264-540p", "sample/flower-540p.mp4"), ("hls-ladder", "sample/flower/index.m3u8"))  # the MP4 first: it plays in every browser


class Command(BaseCommand):
    """Eight steps, each of which looks first whether it is needed."""

    help = "Make the data folder ready: database, catalogues, static files, presets, buckets, pipeline, admin, and at the very first start a sample job."
    requires_system_checks = ()  # «serve» checks; twice would only cost the starter time

    def handle(self, *args: Any, **options: Any) -> None:
        """1 database; 2 catalogues; 3 static files; 4 presets; 5 buckets and pipeline; 6 roles and admin; 7 API token, AccessKey; 8 sample job."""
        if _migrations_wait():
            self.stdout.write("Preparing the database …")
            call_command("migrate", interactive=False, verbosity=0)
        compile_catalogues([Path(path) for path in settings.LOCALE_PATHS])
        collect_static()
        template_services.load_presets()
        media_services.ensure_default_buckets()
        if not Pipeline.objects.exists():
            services.create_pipeline(name="default", actor="first_run")
        admin = self._admin()
        if admin is not None:
            _token(admin)
            _access_key(admin)
        if not Job.objects.exists() and not Media.objects.exists():
            _sample(admin)

    def _admin(self) -> User | None:
        """The user «admin», made if nobody is an admin yet, with the given password or one that is shown this once."""
        for role in Role.values:
            Group.objects.get_or_create(name=role)
        if User.objects.filter(is_superuser=True).exists():
            return User.objects.filter(username=ADMIN, is_superuser=True).first()
        given = env("REELMILL_ADMIN_PASSWORD")
        password = given or secrets.token_urlsafe(12)
        admin = User.objects.create_superuser(ADMIN, password=password)
        if not given:
            line = "─" * 64
            self.stdout.write(f"{line}\n  Sign in as  {ADMIN}\n  Password    {password}\n  (shown only now; change it at /console/settings/me/)\n{line}")
        return admin


def _migrations_wait() -> bool:
    """Whether the database lacks something. Asking costs far less than running «migrate» for nothing."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _token(admin: User) -> None:
    """The API token given as REELMILL_API_TOKEN, of the admin. A value that changed replaces the old one."""
    text = env(TOKEN_NAME)
    if not text or ApiToken.objects.filter(digest=auth.digest(text)).exists():
        return
    ApiToken.objects.filter(user=admin, name=TOKEN_NAME).delete()
    auth.make_token(admin, TOKEN_NAME, Role.ADMIN, text=text)


def _access_key(admin: User) -> None:
    """The AccessKey given as REELMILL_ACCESS_KEY_ID and REELMILL_ACCESS_KEY_SECRET, of the admin. Values that changed replace the old ones."""
    key_id, secret = env("REELMILL_ACCESS_KEY_ID"), env("REELMILL_ACCESS_KEY_SECRET")
    if not key_id or not secret:
        return
    if (found := access_keys.find(key_id)) and found.secret == secret:
        return
    AccessKey.objects.filter(Q(key_id=key_id) | Q(user=admin, name=KEY_NAME)).delete()
    access_keys.make_key(admin, name=KEY_NAME, role=Role.ADMIN, key_id=key_id, secret=secret)


def _sample(owner: User | None) -> None:
    """Put the clip that ships with Reelmill into the input bucket and have it transcoded, so that the first page shows a finished job."""
    with SAMPLE.open("rb") as clip:
        storage("input").put(SAMPLE_KEY, iter(lambda: clip.read(1 << 20), b""))
    outputs = tuple(OutputSpec(template=template, address=Address("output", key)) for template, key in SAMPLE_OUTPUTS)
    spec = TranscodeSpec(input=InputSpec(address=Address("input", SAMPLE_KEY), start=None, duration=None), outputs=outputs)
    services.submit(spec=spec, source=Job.Source.SAMPLE, owner=owner)
