"""Settings. One file; what differs between installations comes from the environment, nothing else. Runs from a clean checkout on SQLite."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF

from console.lib.database import database
from console.lib.env import env, env_bool, env_int, env_list, env_networks
from console.lib.logs import not_on_purpose

django_stubs_ext.monkeypatch()  # so that classes may say which model they are about: ModelAdmin[Job]

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# --- where things are -------------------------------------------------------------------------------------------------
REELMILL_DATA = Path(env("REELMILL_DATA", str(BASE_DIR / "data"))).resolve()
REELMILL_DATA.mkdir(parents=True, exist_ok=True)
REELMILL_HOST = env("REELMILL_HOST", "127.0.0.1")
REELMILL_PORT = env_int("REELMILL_PORT", 8000)
REELMILL_NODE = env("REELMILL_NODE", socket.gethostname())
REELMILL_DEFAULT_PIPELINE = "default"
REELMILL_WORKERS = env_int("REELMILL_WORKERS", max(1, min(os.cpu_count() or 1, 8)))
REELMILL_FFMPEG = env("REELMILL_FFMPEG")
REELMILL_FFPROBE = env("REELMILL_FFPROBE")
REDIS_URL = env("REDIS_URL")

# --- limits -----------------------------------------------------------------------------------------------------------
REELMILL_LEASE_SECONDS = env_int("REELMILL_LEASE_SECONDS", 15)
REELMILL_STALL_SECONDS = env_int("REELMILL_STALL_SECONDS", 120)
REELMILL_JOB_HOURS = env_int("REELMILL_JOB_HOURS", 24)
REELMILL_GRACE_SECONDS = env_int("REELMILL_GRACE_SECONDS", 3)
REELMILL_MAX_UPLOAD_GB = env_int("REELMILL_MAX_UPLOAD_GB", 100)
REELMILL_MAX_PIXELS = env_int("REELMILL_MAX_PIXELS", 8192 * 8192)
REELMILL_MIN_FREE_MB = env_int("REELMILL_MIN_FREE_MB", 200)
REELMILL_API_BODY_BYTES = 2 * 1024 * 1024
REELMILL_DISCARD_GRACE_SECONDS = env_int("REELMILL_DISCARD_GRACE_SECONDS", 600)
REELMILL_BUCKET_WAIT_MINUTES = env_int("REELMILL_BUCKET_WAIT_MINUTES", 120)
REELMILL_PRIVATE_CALLBACKS = env_networks("REELMILL_PRIVATE_CALLBACKS")


def _secret_key() -> str:
    """The given key, or one made at the first start and kept in the data folder."""
    if given := env("REELMILL_SECRET_KEY"):
        return given
    file = REELMILL_DATA / "secret_key"
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return file.read_text().strip()


SECRET_KEY = _secret_key()
DEBUG = env_bool("REELMILL_DEBUG", False)
ALLOWED_HOSTS = env_list("REELMILL_ALLOWED_HOSTS", "*")
CSRF_TRUSTED_ORIGINS = env_list("REELMILL_ORIGINS")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "template_partials",
    "csp",
    "django_q",
    "ninja",
    "console",
    "templates_app",
    "media_assets",
    "jobs",
]
MIDDLEWARE = [
    "console.middleware.request_id",
    "jobs.dialects.door.middleware",  # signed calls of foreign SDKs end here: no session, no CSRF token, no Host that Django would have to like
    "console.middleware.api_errors",
    "console.middleware.head_of_json",
    "django.middleware.security.SecurityMiddleware",
    "console.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.middleware.preferences",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "console.urls"
ASGI_APPLICATION = "console.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "console.context.shell",
            ],
            "builtins": ["template_partials.templatetags.partials", "console.templatetags.console_tags"],
        },
    }
]

# --- data -------------------------------------------------------------------------------------------------------------
DATABASES = {"default": database(env("DATABASE_URL"), REELMILL_DATA)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# django-q2 is only the doorbell: a ring carries nothing, may come twice or get lost; the claim in the database decides.
Q_CLUSTER = {
    "name": "reelmill",
    "broker_class": "jobs.node.broker.OneInHand",
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
    "workers": 1,  # one worker per cluster: a group; a process that dies by a signal takes only its own group
    "bulk": 1,
    "queue_limit": 1,
    "poll": 0.05,
    "guard_cycle": 0.5,
    "timeout": 60,  # only to keep the import-time warning away; every ring carries timeout -1
    "retry": 60,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": -1,
    "recycle": 10**9,
    "scheduler": False,
    "ALT_CLUSTERS": {"short": {}},  # the lane of light kinds
}

# --- people -----------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["console.backends.LimitedBackend"]  # Django's own, with a limit on failed tries
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [{"NAME": f"django.contrib.auth.password_validation.{n}"} for n in ("MinimumLengthValidator", "CommonPasswordValidator")]
LOGIN_URL = "console:login"
LOGIN_REDIRECT_URL = "console:overview"
LOGOUT_REDIRECT_URL = "console:login"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env_bool("REELMILL_HTTPS", False)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF, "blob:", "data:"],  # data: both players give a text track an empty file of that kind before they fill it
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- language and time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "console" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env("TZ", "UTC")

# --- static files -------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = REELMILL_DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = REELMILL_DATA / "unused"  # media files are only touched by media_assets.storage

DATA_UPLOAD_MAX_MEMORY_SIZE = REELMILL_API_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # a job of 64 outputs, each with all parameters open
FILE_UPLOAD_TEMP_DIR = REELMILL_DATA / "incoming"  # on the data folder's file system, not in a small /tmp
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "console.lib.logs.formatter"}},
    "filters": {"on_purpose": {"()": "django.utils.log.CallbackFilter", "callback": not_on_purpose}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env("REELMILL_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.request": {"filters": ["on_purpose"]},
        "django.server": {"level": "WARNING"},
        "django-q": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
        "uvicorn.error": {"level": "WARNING"},  # despite its name: also «started», «finished»
    },
}
NINJA_PAGINATION_MAX_LIMIT = 100
