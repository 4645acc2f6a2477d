"""What requests would load and a sender never uses: kept out, because senders start often.

To be imported before requests; ``done`` ends it. Measured with CPython 3.11, requests 2.34,
truststore on x86-64: to load them takes 190 million instructions in place of 440.

- charset_normalizer guesses the encoding of texts; the sender takes bytes.
- certifi's CA list; trust is the operating system's, or that of ``--ca-file``.
- Six libraries are looked for and not there, or not for a sender if they are.
- urllib.request reads the system's proxies; ours is in the settings. With tempfile that makes a
  twentieth of the whole.
- importlib.metadata tells urllib3 which h2 there is; the sender speaks HTTP/1.1.
- Of some eighty patterns that are compiled while loading, one in four is used.
- idna and stringprep are for host names beyond ASCII, zipfile for CA lists in archives,
  tokenize and textwrap for tracebacks, shutil for downloads to files, random for the times of
  retries (the agent's to decide), mimetypes for uploads of files, calendar for cookies that expire,
  email's encodings for letters, hashlib and hmac for sign-ins by digest: loaded when needed.
- platform is asked for the system's name alone, which ``sys`` knows as well.
- datetime is all in C; CPython 3.11 loads it in Python first and throws that away.
- logging: nobody reads what the libraries log; what the sender has to say is in its answers.
"""

import gc
import importlib
import re
import sys
from types import ModuleType
from typing import Any

from agent.deferred import DEFERRED, defer, defer_names

_ABSENT = (
    *("backports", "brotli", "brotlicffi", "chardet", "simplejson", "socks"),
    "urllib3.contrib.socks",
)


def _stand_in(name: str, **attributes: object) -> None:
    module = ModuleType(name)
    vars(module).update(attributes)
    sys.modules.setdefault(name, module)


def _no_version(name: str) -> str:
    raise ImportError(f"a sender has no {name}")


class _Pattern:
    """A pattern that is compiled when it is first used."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - what re.compile takes
        self._given = given

    def match(self, text: Any, *rest: Any) -> Any:  # noqa: ANN401 - what a pattern's takes
        """Compile the longest one, of IPv6 addresses, for what begins as one alone."""
        if self._given[0].startswith(r"^\[") and not text.startswith("["):
            return None
        return self.__getattr__("match")(text, *rest)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what a pattern has
        pattern = _compile(*self._given)
        vars(self).update({name: getattr(pattern, name) for name in _OF_PATTERNS})
        return getattr(pattern, name)


class _Silent:
    """A logger that nobody reads."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - what a logger has
        return lambda *_, **__: None


def _system() -> str:
    return {"win32": "Windows", "darwin": "Darwin"}.get(sys.platform, "Linux")


def done() -> None:
    """All is loaded: from now on patterns are compiled at once and what is let go is collected."""
    re.compile = _compile
    gc.freeze()
    gc.enable()


gc.disable()  # nothing that is loaded is ever let go; ``main`` enables it again
sys.modules.setdefault("datetime", importlib.import_module("_datetime"))
_stand_in("charset_normalizer", __version__="3.0.0")
_stand_in("certifi", where=str)
_stand_in("importlib.metadata", version=_no_version)
for _name in _ABSENT:
    sys.modules.setdefault(_name, None)  # type: ignore[arg-type] # the import system's word for it
_stand_in("logging", DEBUG=10, NullHandler=_Silent, getLogger=lambda _: _Silent())
defer(*DEFERRED, "email.base64mime", "email.header", "email.quoprimime", "hmac", "idna",
      "mimetypes", "shutil", "stringprep", "tempfile", "textwrap", "tokenize",
      "zipfile")  # fmt: skip
defer_names("calendar", "timegm")
defer_names("email._encoded_words", "decode_b")
defer_names("hashlib", "md5", "sha1", "sha256")
defer_names("ipaddress", "ip_address", IPv4Address=object, IPv6Address=object)
defer_names("platform", "mac_ver", system=_system)
defer_names("random", "Random")
defer_names("urllib.request", "getproxies", "getproxies_environment", "parse_http_list",
            "proxy_bypass", "proxy_bypass_environment")  # fmt: skip
_compile = re.compile
_OF_PATTERNS = [name for name in dir(re.Pattern) if not name.startswith("_")]
re.compile = _Pattern  # type: ignore[assignment] # stands in for patterns until ``done``
