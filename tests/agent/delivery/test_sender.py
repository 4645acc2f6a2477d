"""The real sender, as a process, against a server that lies."""

import pwd
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.delivery.child import SenderError, SenderProcess
from agent.delivery.messages import Answer, Job, Outcome, Settings
from agent.protocol.problems import ProblemType
from tests.agent.delivery.conftest import TOKEN
from tests.agent.delivery.orphan import orphaned_sender
from tests.agent.delivery.samples import event_text, events, heartbeat
from tests.support.lying_server import Lie, LyingServer, page, problem
from tests.support.polling import until


def test_a_batch_arrives_as_one_request_with_the_stored_texts(
    server: LyingServer, sender: SenderProcess
) -> None:
    job = events(3)
    answer = sender.ask(job)
    assert answer.outcome is Outcome.DELIVERED
    assert tuple(receipt.id for receipt in answer.receipts) == job.ids
    assert [receipt.ticket for receipt in answer.receipts] == [7, 7, 7]
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("POST", "/api/v1/events")
    assert seen.body.decode() == '{"events":[' + ",".join(job.items) + "]}"
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"] == "watchdesk-agent/9.9"
    assert seen.headers["accept-encoding"] == "identity"
    assert "cookie" not in seen.headers


def test_every_request_has_an_id_of_its_own_and_the_answer_tells_it(
    server: LyingServer, sender: SenderProcess
) -> None:
    """By it the server's log tells of the same request."""
    told = [sender.ask(events()).request]
    server.decide = lambda _: Lie(503, b"busy")
    told.append(sender.ask(events()).request)

    assert [seen.headers["x-request-id"] for seen in server.seen] == told
    assert len(set(told)) == 2


def test_facts_and_heartbeat_go_alone_to_their_routes_over_one_connection(
    server: LyingServer, sender: SenderProcess
) -> None:
    (identifier,) = events().ids
    facts = Job("post", "facts", items=(event_text(identifier),), ids=(identifier,))
    assert sender.ask(facts).receipts[0].id == identifier
    server.members = {"heartbeat_every_s": 120, "reconnect_spread_s": 30, "changes": {"notes": 4}}
    answer = sender.ask(heartbeat())
    assert (answer.heartbeat_every_s, answer.reconnect_spread_s) == (120.0, 30.0)
    assert answer.changes == {"notes": 4}
    assert server.routes() == ["facts", "heartbeat"]


def test_a_fetch_names_its_cursor_and_returns_the_document(
    server: LyingServer, sender: SenderProcess
) -> None:
    server.members = {"notes": [{"text": "Feierabend"}]}
    answer = sender.ask(Job("get", "device/notes", since="41"))
    assert answer.document["notes"] == [{"text": "Feierabend"}]
    assert (server.seen[0].method, server.seen[0].path) == ("GET", "/api/v1/device/notes?since=41")


def test_an_enrolment_goes_by_its_own_token(server: LyingServer, sender: SenderProcess) -> None:
    answer = sender.ask(
        Job("enroll", "enroll", items=('{"device_id":"x"}',), token="wde_enrolment")
    )
    assert answer.document["device_id"] == "x"
    assert server.seen[0].headers["authorization"] == "Bearer wde_enrolment"


@pytest.mark.parametrize(
    "job",
    [
        Job("post", "../../admin", items=("{}",)),
        Job("get", "events"),
        Job("post", "facts", items=("{}", "{}"), ids=("a", "b")),
        Job("post", "events", items=("{}",) * 501, ids=("a",) * 501),
        Job("post", "events", items=('"' + "x" * (4 << 20) + '"',), ids=("a",)),
        Job("post", "events", items=('{"target":"\ud800"}',), ids=("a",)),
    ],
    ids=["route", "method", "two facts", "501 events", "over 4 MB", "half a surrogate"],
)
def test_what_the_contract_forbids_is_refused_here_and_not_sent(
    server: LyingServer, sender: SenderProcess, job: Job
) -> None:
    assert sender.ask(job).outcome is Outcome.REFUSED
    assert not server.seen
    assert sender.ask(events()).outcome is Outcome.DELIVERED


LIES: dict[str, tuple[Lie, Outcome, tuple[str, ...]]] = {
    "a captive portal's page": (page(), Outcome.INTERCEPTED, ("Hotel Wi-Fi", "text/html")),
    "a redirect": (
        page(302, "Moved", ("Location", "https://login.hotel.example/x?y=1")),
        Outcome.INTERCEPTED,
        ("redirects to login.hotel.example",),
    ),
    "the right status, another media type": (
        Lie(media_type="application/json"),
        Outcome.INTERCEPTED,
        ("application/json",),
    ),
    "401, token unknown": (
        problem(ProblemType.UNAUTHENTICATED, 401),
        Outcome.CREDENTIAL,
        ("does not accept the token", "because"),
    ),
    "403, token of another kind": (
        problem(ProblemType.WRONG_CREDENTIAL, 403),
        Outcome.CREDENTIAL,
        ("another kind",),
    ),
    "401, device unknown": (
        problem(ProblemType.UNKNOWN_DEVICE, 401),
        Outcome.UNKNOWN_DEVICE,
        ("watchdesk-agent enroll",),
    ),
    "401 of something else": (page(401, "Sign in"), Outcome.INTERCEPTED, ("Sign in",)),
    "403 of a web filter": (page(403, "Blocked"), Outcome.INTERCEPTED, ("Blocked",)),
    "407 of a proxy": (page(407, "Proxy"), Outcome.PROXY, ("sign-in",)),
    "404 of another server": (page(404, "nginx"), Outcome.INTERCEPTED, ("address right",)),
    "404 of an older server": (
        problem(ProblemType.NOT_FOUND, 404),
        Outcome.RETRY,
        ("older than this agent",),
    ),
    "413": (problem(ProblemType.TOO_LARGE, 413), Outcome.REFUSED, ("too large",)),
    "413 of a proxy": (page(413, "nginx"), Outcome.INTERCEPTED, ("nginx",)),
    "422": (problem(ProblemType.INVALID_REQUEST, 422), Outcome.REFUSED, ("invalid", "because")),
    "429": (problem(ProblemType.RATE_LIMITED, 429), Outcome.RETRY, ("less often",)),
    "500": (problem(ProblemType.INTERNAL, 500), Outcome.RETRY, ("error of its own",)),
    "502 of a proxy": (page(502, "Bad gateway"), Outcome.RETRY, ("Bad gateway", "down")),
    "a body cut short": (Lie(cut_at=20), Outcome.RETRY, ("broke off",)),
    "a hang-up before the answer": (Lie(hang_up=True), Outcome.RETRY, ("broke off",)),
    "no JSON": (Lie(body=b'{"receipts": ['), Outcome.RETRY, ("damaged", "line 1")),
    "no object": (Lie(body=b"[]"), Outcome.RETRY, ("damaged",)),
    "no receipts": (Lie(body=b"{}"), Outcome.RETRY, ("damaged", "receipts")),
    "receipts of others": (
        Lie(body=b'{"receipts":[{"id":"x","result":"accepted"}]}'),
        Outcome.RETRY,
        ("of other messages",),
    ),
    "too many receipts": (
        Lie(body=b'{"receipts":[{"id":"x","result":"accepted"},{"id":"y","result":"accepted"}]}'),
        Outcome.RETRY,
        ("2 for 1",),
    ),
    "an answer beyond the cap": (Lie(body=b"x" * (5 << 20)), Outcome.RETRY, ("longer than",)),
    "a gzip that is none": (
        Lie(headers=(("Content-Encoding", "gzip"),), body=b"\x1f\x8b\x08nonsense"),
        Outcome.RETRY,
        ("damaged",),
    ),
    "a header without end": (
        Lie(headers=(("X" * 70_000, "y"),)),
        Outcome.RETRY,
        ("broke off",),
    ),
}


@pytest.mark.parametrize("name", LIES)
def test_every_lie_has_one_outcome_and_a_sentence_and_the_next_try_arrives(
    server: LyingServer, sender: SenderProcess, name: str
) -> None:
    lie, outcome, words = LIES[name]
    server.next(lie)
    job = events()
    answer = sender.ask(job)
    assert answer.outcome is outcome, answer
    assert all(word in answer.says for word in words), answer.says
    assert not answer.receipts
    assert TOKEN not in answer.says
    again = sender.ask(job)
    assert again.outcome is Outcome.DELIVERED
    assert server.arrived == {job.ids[0]: 1}


def test_an_answer_cut_at_any_byte_after_the_commit_is_asked_for_again(
    server: LyingServer, sender: SenderProcess
) -> None:
    """The envelope keeps its id, so the server knows it the second time."""
    job = events()
    cut_at = 0
    while (answer := _cut(server, sender, job, cut_at)).outcome is Outcome.RETRY:
        cut_at += 1
    assert cut_at > 60
    assert [receipt.result for receipt in answer.receipts] == ["duplicate"]
    assert server.arrived == {job.ids[0]: 1}


def _cut(server: LyingServer, sender: SenderProcess, job: Job, cut_at: int) -> Answer:
    server.next(Lie(cut_at=cut_at))
    return sender.ask(job)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("-1", 1.0),
        ("1000000000", 3600.0),
        ("9" * 400, None),
        ("soon", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 1.0),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_an_absurd_retry_after_is_clamped_or_ignored(
    server: LyingServer, sender: SenderProcess, header: str, seconds: float | None
) -> None:
    server.next(problem(ProblemType.RATE_LIMITED, 429, ("Retry-After", header)))
    assert sender.ask(events()).retry_after_s == seconds


def test_the_body_of_a_redirect_is_not_read_without_end(
    server: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    """Libraries drain a redirect's body even when told not to follow it."""
    server.next(Lie(302, endless=True, headers=(("Location", "/elsewhere"),)))
    sender = start(server.url, answer_bytes=1 << 20)
    answer = sender.ask(events())
    assert "longer than 1048576 bytes" in answer.says
    assert server.routes() == ["events"]


@pytest.mark.parametrize(
    "lie",
    [
        Lie(before_s=30),
        Lie(drip_s=0.05, body=b" " * 5000),
        Lie(endless=True, drip_s=0.05, body=b" "),
    ],
    ids=["silence", "a slow body", "an endless slow body"],
)
def test_a_total_deadline_holds_whatever_trickles(
    server: LyingServer, start: Callable[..., SenderProcess], lie: Lie
) -> None:
    server.next(lie)
    answer = start(server.url, total_s=1.0).ask(events())
    assert answer.outcome is Outcome.RETRY
    assert "within 1 s" in answer.says


def test_nothing_listening_is_told_as_such(
    server: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    server.close()
    answer = start(server.url).ask(events())
    assert answer.outcome is Outcome.RETRY
    assert "nothing answers" in answer.says


def test_a_name_that_does_not_resolve_is_told_as_such(
    start: Callable[..., SenderProcess],
) -> None:
    answer = start("https://desk.invalid").ask(events())
    assert answer.outcome is Outcome.RETRY
    assert "cannot be resolved" in answer.says


def test_a_kept_connection_that_the_server_closed_costs_no_failed_attempt(
    server: LyingServer, sender: SenderProcess
) -> None:
    sender.ask(events())
    server.next(Lie(hang_up=True))
    assert sender.ask(events()).outcome is Outcome.DELIVERED
    assert len(server.seen) == 3


def test_a_netrc_and_proxy_variables_do_not_change_what_is_sent(
    server: LyingServer,
    start: Callable[..., SenderProcess],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With requests' defaults a .netrc replaced our Authorization."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\ndefault login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setattr(
        "agent.delivery.child.sender_environment",
        lambda: {
            "HOME": str(tmp_path),
            "NETRC": str(netrc),
            "HTTP_PROXY": "http://127.0.0.1:9",
            "http_proxy": "http://127.0.0.1:9",
            "ALL_PROXY": "http://127.0.0.1:9",
            "REQUESTS_CA_BUNDLE": "/nonexistent",
        },
    )
    assert start(server.url).ask(events()).outcome is Outcome.DELIVERED
    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("planted", ["requests.py", "agent.py", "sitecustomize.py", "json.py"])
def test_what_lies_in_the_working_folder_or_on_pythonpath_is_not_imported(
    server: LyingServer,
    start: Callable[..., SenderProcess],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    planted: str,
) -> None:
    proof = tmp_path / "ran"
    (tmp_path / planted).write_text(f"open({str(proof)!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        "agent.delivery.child.sender_environment", lambda: {"PYTHONPATH": str(tmp_path)}
    )
    assert start(server.url).ask(events()).outcome is Outcome.DELIVERED
    assert not proof.exists()


def test_the_secrets_are_neither_in_the_arguments_nor_in_the_environment(
    server: LyingServer, start: Callable[..., SenderProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDESK_CANARY", "canary-of-the-agent's-environment")
    sender = start(server.url, proxy="http://user:canary-proxy@127.0.0.1:9")
    sender.ask(Job("enroll", "enroll", items=("{}",), token="wde_canary-enrolment"))
    process = Path("/proc") / str(sender.pid)
    shown = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert b"agent.delivery.sender" in shown
    assert b"canary" not in shown


def test_an_address_without_encryption_is_not_even_asked(
    start: Callable[..., SenderProcess],
) -> None:
    """identity.json is a file that people edit."""
    answer = start("http://desk.invalid").ask(events())
    assert answer.outcome is Outcome.RETRY
    assert "not encrypted" in answer.says


@pytest.mark.needs_root
def test_it_can_run_as_another_user_without_the_agents_groups(
    server: LyingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = ["/bin/sh", "-c", 'read x; echo "$(id -u) $(id -G)" >&2']
    monkeypatch.setattr("agent.delivery.child.sender_command", lambda: shell)
    settings = Settings(server.url, TOKEN, "1")
    nobody = pwd.getpwnam("nobody")
    with (
        SenderProcess(settings, user="nobody") as sender,
        pytest.raises(SenderError, match=f"{nobody.pw_uid} {nobody.pw_gid}"),
    ):
        sender.ask(events())


def test_cookies_are_not_kept(server: LyingServer, sender: SenderProcess) -> None:
    server.next(Lie(headers=(("Set-Cookie", "track=1; Path=/"),)))
    sender.ask(events())
    sender.ask(events())
    assert "cookie" not in server.seen[1].headers


def test_it_leaves_when_nothing_comes_for_a_while(
    server: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    sender = start(server.url, idle_s=0.2)
    assert sender.ask(events()).outcome is Outcome.DELIVERED
    until(lambda: not _runs(sender.pid), what="its leaving")


def test_it_leaves_when_the_agent_is_gone(server: LyingServer) -> None:
    """The agent may be killed at any time; its sender must not stay behind."""
    pid = orphaned_sender(server.url)
    until(lambda: not _runs(pid), what="its leaving")


def test_settings_that_make_no_sense_end_it_with_a_word(
    server: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    sender = start(server.url, idle_s=float("nan"))
    with pytest.raises(SenderError, match="no settings: idle_s"):
        sender.ask(events())


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_first_answer_costs_little(
    server: LyingServer, start: Callable[..., SenderProcess]
) -> None:
    """No time is asserted; what is, is that the start imports none of the large libraries."""
    sender = start(server.url)
    sender.ask(events())
    maps = Path(f"/proc/{sender.pid}/maps").read_text()
    assert "sqlite" not in maps
    assert "psutil" not in maps
