from datetime import UTC, datetime

import requests

from agent.delivery.messages import Outcome, Settings
from agent.delivery.trouble import explain

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SETTINGS = Settings("https://desk.example:40712", "wdd_t", "1", proxy="http://127.0.0.1:40701")


def proxy_said(refusal: str) -> requests.exceptions.ProxyError:
    reason = OSError(f"Tunnel connection failed: {refusal}")
    return requests.exceptions.ProxyError(
        f"HTTPSConnectionPool(host='desk.example', port=40712): {reason}", reason
    )


def test_a_port_with_the_digits_of_a_status_is_no_status() -> None:
    told = explain(proxy_said("403 Forbidden"), SETTINGS, NOW)

    assert told.outcome is Outcome.PROXY
    assert "refuses" in told.says
    assert "sign-in" not in told.says


def test_a_proxy_that_asks_for_a_sign_in_is_understood() -> None:
    assert "sign-in" in explain(proxy_said("407 Sign in"), SETTINGS, NOW).says
