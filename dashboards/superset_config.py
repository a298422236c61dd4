"""The settings of Superset. It reads this file itself, by SUPERSET_CONFIG_PATH, in an environment without the platform.

SUPERSET_HOME is the folder for its state, SUPERSET_SECRET_KEY or SUPERSET_SECRET_KEY_FILE its key, and
SUPERSET_DATABASE_URI or SUPERSET_DATABASE_URI_FILE its own database (else SQLite in the folder). With
SUPERSET_BEHIND_TLS=true it is served by a proxy with TLS.
"""

from __future__ import annotations

import os
from pathlib import Path


def _secret(name: str) -> str | None:
    """A setting, or what the file holds that its `…_FILE` names."""
    file = os.environ.get(f"{name}_FILE")
    return Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get(name)


_HOME = Path(os.environ["SUPERSET_HOME"])
_BEHIND_TLS = os.environ.get("SUPERSET_BEHIND_TLS") == "true"

# Without a key of its own Superset would take one that everybody knows.
SECRET_KEY = _secret("SUPERSET_SECRET_KEY") or ""
if not SECRET_KEY:
    raise RuntimeError("SUPERSET_SECRET_KEY and SUPERSET_SECRET_KEY_FILE are both unset.")
SQLALCHEMY_DATABASE_URI = (
    _secret("SUPERSET_DATABASE_URI") or f"sqlite:///{_HOME / 'superset.db'}?check_same_thread=false"
)

# -- Dutch

APP_NAME = "Vroegsignaal"
BABEL_DEFAULT_LOCALE = "nl"
LANGUAGES = {"nl": {"flag": "nl", "name": "Nederlands"}, "en": {"flag": "gb", "name": "English"}}
D3_FORMAT = {"decimal": ",", "thousands": ".", "grouping": [3], "currency": ["€ ", ""]}
D3_TIME_FORMAT = {
    "dateTime": "%a %e %B %Y %X",
    "date": "%d-%m-%Y",
    "time": "%H:%M:%S",
    "periods": ["AM", "PM"],
    "days": ["zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"],
    "shortDays": ["zo", "ma", "di", "wo", "do", "vr", "za"],
    "months": [
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ],
    "shortMonths": ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"],
}
CURRENCIES = ["EUR"]

# -- who may enter: nobody without a login

AUTH_USER_REGISTRATION = False
PUBLIC_ROLE_LIKE = None
WTF_CSRF_ENABLED = True
# The pages of Airflow on the same machine have a cookie of the usual name.
SESSION_COOKIE_NAME = "vroegsignaal_dashboards"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _BEHIND_TLS
ENABLE_PROXY_FIX = _BEHIND_TLS
RATELIMIT_ENABLED = True
# A page asks for all its charts at once.
RATELIMIT_APPLICATION = "200 per second"
# What embeds dashboards is off; its key is known to everybody unless another is set.
GUEST_TOKEN_JWT_SECRET = SECRET_KEY
PREVENT_UNSAFE_DB_CONNECTIONS = True
FEATURE_FLAGS = {"EMBEDDED_SUPERSET": False, "ALERT_REPORTS": False, "THUMBNAILS": False}

# -- no telemetry, and nothing from elsewhere: a page may ask this server only

# Whether Superset's pages report to Scarf was decided when they were built; what the browser may load is decided here.
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'"],
        "script-src": ["'self'", "'strict-dynamic'"],
        "frame-ancestors": ["'none'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    # The proxy does that; on this machine's own address there is no TLS.
    "force_https": False,
    "session_cookie_secure": _BEHIND_TLS,
    "strict_transport_security": _BEHIND_TLS,
    "referrer_policy": "same-origin",
}

# -- its own work

SQLLAB_ASYNC_TIME_LIMIT_SEC = 60
SUPERSET_WEBSERVER_TIMEOUT = 60
# One appearance, the one that was looked at.
THEME_DARK = None
