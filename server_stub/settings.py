"""Django's settings, all of them from the environment and the data folder.

``WATCHDESK_DATA``           folder of the database, the secret key and what else is kept
``WATCHDESK_DATABASE_URL``   ``postgresql://…``; SQLite in the folder without it
``WATCHDESK_HTTPS``          ``1`` when browsers reach us by TLS (``serve`` sets it)
``WATCHDESK_TRUSTED_PROXY``  addresses whose X-Forwarded headers count (``serve`` sets it)
``WATCHDESK_HOSTS``          host names we answer to, by commas; any without it
``WATCHDESK_LOG``            level of the log on stderr; INFO without it
``WATCHDESK_LOG_FORMAT``     ``json`` for one JSON object a line (``serve --log json``)
``WATCHDESK_LOG_REQUESTS``   ``1`` for a line for each request (``serve --log-requests``)
"""

import os
from pathlib import Path

from csp.constants import NONE, SELF

from server_stub.database import settings_for
from server_stub.secret_key import secret_key

DATA = Path(os.environ.get("WATCHDESK_DATA") or "watchdesk-data").absolute()
HTTPS = os.environ.get("WATCHDESK_HTTPS") == "1"

SECRET_KEY = secret_key(DATA)
DEBUG = False
# Nothing we send out is built from the Host header; names may be pinned nevertheless.
ALLOWED_HOSTS = [name for name in os.environ.get("WATCHDESK_HOSTS", "*").split(",") if name]

DATABASES = {"default": settings_for(DATA, os.environ.get("WATCHDESK_DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "server_stub.audit",
    "server_stub.clients",
    "server_stub.sla",
    "server_stub.work",
    "server_stub.quiet",
    "server_stub.tickets",
    "server_stub.knowledge",
    "server_stub.contacts",
    "server_stub.desk",
    "server_stub.intake",
    "server_stub.fleet",
    "server_stub.retention",
    "server_stub.api",
    "server_stub.staff",
]

MIDDLEWARE = [
    "server_stub.walls.walled",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "server_stub.api.conventions.conventions",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "server_stub.desk.sessions.limited",
]

ROOT_URLCONF = "server_stub.urls"
APPEND_SLASH = False  # no path of ours ends in one; what is asked for is there or is not
WSGI_APPLICATION = "server_stub.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before allauth's own, which have the same names.
        "DIRS": [Path(__file__).parent / app / "templates" for app in ("staff", "desk")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Signing in

AUTH_USER_MODEL = "desk.Technician"
AUTHENTICATION_BACKENDS = ["server_stub.desk.sign_in.Passwords"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_ADAPTER = "server_stub.desk.sign_in.ClosedSignUp"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
# Tries with a wrong password or code: ten a minute from one address, five in five minutes for
# one account. The address is the connection's own: wsgi.py puts there what a trusted proxy says.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
ALLAUTH_TRUSTED_PROXY_COUNT = 0
MFA_ADAPTER = "server_stub.desk.second_factor.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "watchdesk"
# A phone may be half a minute off. A code counts once nevertheless: used ones are remembered for
# as long as they would count.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an administrator gave the address
CACHES = {
    "default": {
        "BACKEND": "server_stub.desk.tries.Tries",
        # Counts of tries and used codes: with few places a flood of addresses pushes them out.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# A sign-in ends after twelve hours, and after eight in which the person did nothing: neither a
# lunch nor a late shift ends it, an evening does (desk.sessions).
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_AGE = 8 * 60 * 60
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# A __Host- cookie cannot be set by a neighbouring host name, nor over plain HTTP.
SESSION_COOKIE_NAME = "__Host-watchdesk" if HTTPS else "watchdesk"
CSRF_COOKIE_NAME = "__Host-watchdesk-csrf" if HTTPS else "watchdesk-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "server_stub.error_views.csrf_failed"

# What browsers are told

SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# Words and time

LANGUAGE_CODE = "en"
# French joins when its catalogue is here: Django's and allauth's own words in French between
# our English ones are worse than none.
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [Path(__file__).parent / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

LOG_FORMAT = "Json" if os.environ.get("WATCHDESK_LOG_FORMAT") == "json" else "Text"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": f"server_stub.logs.{LOG_FORMAT}"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("WATCHDESK_LOG", "INFO").upper()},
    "loggers": {
        # 404s and refused forms are answers, not events.
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        # Anybody may send these; they are answered 400 and need not fill the log with tracebacks.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.security.TooManyFieldsSent": {"level": "CRITICAL"},
        # Asked for by name, whatever else is told.
        "watchdesk.access": {"level": "INFO"},
    },
}
