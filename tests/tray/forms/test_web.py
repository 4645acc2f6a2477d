"""The rules that keep a page on loopback to the one person it is for, by hand-made requests."""

import http.client
import json
import re
import stat
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.fake_agent import FakeAgent
from tests.support.polling import until
from tray import places
from tray.agent_link import Link
from tray.forms import show
from tray.forms.requests import LARGEST_BODY
from tray.forms.web import WebForm

Serve = Callable[..., WebForm]


class Visitor:
    """Somebody who sends requests, with whatever headers."""

    def __init__(self, web: WebForm) -> None:
        self.web = web
        self.cookie = ""
        self.headers: dict[str, str] = {}

    def ask(
        self, method: str, path: str, body: object = None, **headers: str | None
    ) -> tuple[int, bytes]:
        given = {
            "Host": self.web.host,
            "Cookie": self.cookie,
            "Origin": f"http://{self.web.host}",
            "Content-Type": "application/json",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(self.web.host, timeout=10)
        connection.putrequest(method, path, skip_host=True)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if method == "POST":
            given.setdefault("Content-Length", str(len(content)))
        for name, value in given.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(content if method == "POST" else None)
        answer = connection.getresponse()
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        read = answer.read()
        connection.close()
        return answer.status, read

    def enter(self) -> bytes:
        status, content = self.ask("GET", self.web.address.partition(self.web.host)[2])
        assert status == 200
        self.cookie = self.headers["set-cookie"].partition(";")[0]
        return content


@pytest.fixture
def visitor(serve: Serve) -> Visitor:
    return Visitor(serve())


def test_the_token_opens_the_page_once(visitor: Visitor) -> None:
    address = visitor.web.address
    path = address.partition(visitor.web.host)[2]
    visitor.enter()

    assert visitor.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert visitor.ask("GET", "/")[0] == 200
    assert Visitor(visitor.web).ask("GET", path)[0] == 403


@pytest.mark.parametrize("path", ["/", "/?t=wrong", "/changes", "/picture/x", "/?t=", "/?t=é"])
def test_without_token_or_cookie_there_is_nothing_to_see(visitor: Visitor, path: str) -> None:
    assert visitor.ask("GET", quote(path, safe="/?=&"))[0] == 403


@pytest.mark.parametrize("host", ["evil.example", "localhost:{port}", "127.0.0.1", "", None])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_host_name_leads_nowhere(visitor: Visitor, host: str | None, method: str) -> None:
    """DNS rebinding: a page of evil.example that resolves to 127.0.0.1 sends its own name."""
    visitor.enter()
    port = visitor.web.host.partition(":")[2]
    named = None if host is None else host.format(port=port)

    assert visitor.ask(method, "/known" if method == "POST" else "/", {}, Host=named)[0] == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", None, "http://127.0.0.1"])
def test_other_pages_cannot_act(visitor: Visitor, origin: str | None) -> None:
    visitor.enter()

    assert visitor.ask("POST", "/discard", {}, Origin=origin)[0] == 403


def test_a_request_without_the_cookie_cannot_act(visitor: Visitor) -> None:
    visitor.enter()
    visitor.cookie = visitor.cookie[:-1] + "x"

    assert visitor.ask("POST", "/known", {})[0] == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_form_of_another_page_is_not_understood(visitor: Visitor, kind: str | None) -> None:
    visitor.enter()

    assert visitor.ask("POST", "/known", {}, Content_Type=kind)[0] == 415


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/nowhere", {}, 404),
        ("/known", [], 400),
        ("/known", b"{", 400),
        ("/known", b"[" * 100_000, 400),
        ("/suggest", {}, 400),
        ("/keep", {"picture": "x", "boxes": []}, 409),
        ("/draft", {"urgency": "very"}, 400),
        ("/draft", {"id": "../../etc"}, 400),
        ("/draft", {"attachments": [{"path": "/etc/passwd"}]}, 400),
        ("/draft", {"answers": {"x": 1}}, 400),
        ("/draft", {"title": b"\xff".decode("latin1") * 10, "contact": 7}, 400),
        ("/say", {"verb": "drop", "id": "x", "ticket": 1, "more": {}}, 400),
        ("/attach", {"name": "x", "content": "?"}, 400),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    visitor: Visitor, path: str, body: object, status: int
) -> None:
    visitor.enter()

    answered, content = visitor.ask("POST", path, body)

    assert answered == status
    assert json.loads(content)["problem"]


def test_a_body_that_is_too_large_is_not_read(visitor: Visitor) -> None:
    visitor.enter()

    assert visitor.ask("POST", "/attach", {}, Content_Length=str(LARGEST_BODY + 1))[0] == 413


def test_every_answer_says_that_it_is_nobody_elses(visitor: Visitor) -> None:
    page = visitor.enter().decode()
    policy = visitor.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", policy)

    assert nonce is not None
    assert page.count(f'nonce="{nonce[1]}"') == 2
    assert "frame-ancestors 'none'" in policy
    assert visitor.headers["cache-control"] == "no-store"
    assert visitor.headers["referrer-policy"] == "no-referrer"
    assert "%" not in re.sub(r"\d%|100%", "", page.partition("<style")[0])


def test_it_listens_on_loopback_only_while_it_is_open(serve: Serve) -> None:
    web = serve()
    visitor = Visitor(web)
    visitor.enter()
    web.close()

    with pytest.raises(OSError, match="refused"):
        visitor.ask("GET", "/")


def test_texts_with_markup_stay_texts(serve: Serve) -> None:
    first = Visitor(serve())
    first.enter()
    hostile = "</script><script>alert(1)</script><!--"
    tree = first.web.form.draft.tree() | {"title": hostile}
    assert first.ask("POST", "/draft", tree)[0] == 200

    page = Visitor(serve()).enter().decode()

    assert hostile not in page
    assert "\\u003c/script>" in page


def test_a_draft_survives_a_crash_and_goes_only_when_it_is_sent(
    serve: Serve, agent: FakeAgent
) -> None:
    first = Visitor(serve())
    first.enter()
    tree = first.web.form.draft.tree() | {"title": "No mail", "text": "since 9"}
    first.ask("POST", "/draft", tree)

    again = Visitor(serve())
    again.enter()
    assert again.web.form.draft.text == "since 9"
    answer = json.loads(again.ask("POST", "/send", again.web.form.draft.tree())[1])
    again.web.wait_until_handed_over()

    assert answer["sent"] == tree["id"]
    assert [one["title"] for one in agent.reports.values()] == ["No mail"]
    assert serve().form.draft.empty


def test_the_form_opens_once_and_is_raised_after_that(
    agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address stands in a file only this person can read, and in no command line."""
    opened: list[Path] = []
    told: list[tuple[str, object]] = []
    monkeypatch.setattr(
        WebForm, "tell", lambda _web, event, about=None: told.append((event, about))
    )
    monkeypatch.setattr(WebForm, "wait_until_left", lambda _web: None)

    def browser(entrance: Path) -> bool:
        opened.append(entrance)
        assert stat.S_IMODE(entrance.stat().st_mode) == 0o600
        found = re.search(r"http://(127\.0\.0\.1:\d+)(/\?t=[\w-]+)", entrance.read_text())
        assert found is not None
        show.show_form(Link(agent.path), "tickets/7", browser)
        connection = http.client.HTTPConnection(found[1], timeout=10)
        connection.request("GET", found[2], headers={"Host": found[1]})
        assert connection.getresponse().status == 200
        connection.close()
        return True

    show.show_form(Link(agent.path), "", browser)

    assert len(opened) == 1
    assert ("view", "tickets/7") in told
    assert not [
        path.name for path in places.session_folder().glob("form-*") if path.suffix != ".lock"
    ]


def test_another_process_cannot_raise_the_form_without_its_key(visitor: Visitor) -> None:
    assert visitor.ask("POST", "/raise", {}, X_Key="x")[0] == 403
    assert visitor.ask("POST", "/raise", {}, X_Key=visitor.web.key)[0] == 200


def test_a_reload_is_no_end_but_a_closed_page_is(visitor: Visitor) -> None:
    visitor.enter()
    connection = http.client.HTTPConnection(visitor.web.host, timeout=10)
    connection.request("GET", "/changes", headers={"Cookie": visitor.cookie})
    answer = connection.getresponse()
    until(lambda: visitor.web._pages, what="the stream of changes")
    visitor.web.tell("known")
    assert answer.readline() == b"event: known\n"
    answer.close()
    connection.close()

    visitor.web.wait_until_left(grace_s=0.05)
