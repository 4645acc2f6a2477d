"""What a sender leaves out; each case has a process of its own."""

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3]


def printed(program: str) -> str:
    program = f"import sys, agent.delivery.sender as sender, requests\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "", "requests is content with what there is"
    return done.stdout.strip()


def test_what_a_sender_never_uses_is_not_loaded() -> None:
    names = ["charset_normalizer", "certifi", "importlib.metadata", "idna", "tokenize", "inspect",
             "calendar", "dataclasses", "email.header", "hashlib", "hmac", "logging", "mimetypes",
             "platform", "random", "shutil", "stringprep", "agent.delivery.trouble"]  # fmt: skip

    told = printed(f"print([n for n in {names} if hasattr(sys.modules.get(n), '__file__')])")

    assert told == "[]"


def test_a_server_may_have_a_name_beyond_ascii() -> None:
    program = "print(requests.Request('GET', 'https://bücher.example/').prepare().url)"

    assert printed(program) == "https://xn--bcher-kva.example/"


def test_what_is_left_out_is_there_when_it_is_asked_for() -> None:
    program = """
import email.header, hashlib, hmac, http.cookiejar, platform, tempfile, truststore
print("bücher.example".encode("idna"), http.cookiejar.http2time("Sun, 22 Nov 2026 04:00:00 GMT"),
      str(email.header.make_header(email.header.decode_header("=?utf-8?q?caf=C3=A9?="))))
print(hashlib.sha256(b"").hexdigest()[:6], hmac.compare_digest("a", "b"), platform.mac_ver()[0])
with tempfile.TemporaryDirectory() as folder:
    pass
"""

    told = printed(program).splitlines()

    assert told[0] == "b'xn--bcher-kva.example' 1795320000.0 café"
    assert told[1].startswith("e3b0c4 False")


def test_patterns_are_compiled_at_once_again_when_all_is_loaded() -> None:
    program = """
import re, urllib3.util.url as url
late = url._HOST_PORT_RE
print(type(re.compile("x")) is re.Pattern, type(late) is re.Pattern,
      late.fullmatch("desk.example:443").groups(), late.pattern[:1])
"""

    assert printed(program) == "True False ('desk.example', '443') ^"


def test_an_address_of_the_sixth_version_is_known_as_one_and_others_compile_nothing_for_it() -> (
    None
):
    program = """
import urllib3.util.url as url
late = url._IPV6_ADDRZ_RE
print(late.match("desk.example"), "pattern" in vars(late), late.match("[2001:db8::1]").group(),
      "pattern" in vars(late), late.match("[desk]"))
"""

    assert printed(program) == "None False [2001:db8::1] True None"


def test_times_are_those_of_the_standard_library() -> None:
    program = (
        "import datetime; print(datetime.datetime.now(datetime.UTC).tzname(), datetime.date.min)"
    )

    assert printed(program) == "UTC 0001-01-01"


def test_a_mistake_of_ours_is_told_with_its_line() -> None:
    program = (
        "import traceback\ntry:\n    sender._body(None)\n"
        "except AttributeError:\n    print(traceback.format_exc())"
    )

    assert 'if job.do == "get"' in printed(program)
