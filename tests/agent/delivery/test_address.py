"""Which addresses are taken."""

import pytest

from agent.delivery.address import AddressError, proxy_address, proxy_name, server_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://Desk.Example.com", "https://desk.example.com"),
        (" https://desk.example.com:8443/ ", "https://desk.example.com:8443"),
        ("https://example.com/Desk/", "https://example.com/Desk"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_these_are_addresses_of_a_server(text: str, address: str) -> None:
    assert server_address(text) == address


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("http://desk.example.com", "write https://desk.example.com"),
        ("http://localhost.example.com", "not encrypted"),
        ("http://127.0.0.1.example.com", "not encrypted"),
        ("http://0.0.0.0", "not encrypted"),
        ("http://192.168.1.4:8000", "write https://192.168.1.4:8000"),
        ("desk.example.com", "https://SERVER"),
        ("ftp://desk.example.com", "https://SERVER"),
        ("https://", "https://SERVER"),
        ("https://desk.example.com:99999", "https://SERVER"),
        ("https://desk.example.com:port", "https://SERVER"),
        ("https://[::1", "https://SERVER"),
        ("https://user:canary@desk.example.com", "no user"),
        ("https://desk.example.com/?x=1", "no user, ? or #"),
        ("https://desk.example.com/\r\nX: y", "https://SERVER"),
        ("", "https://SERVER"),
    ],
)
def test_these_are_not_and_the_error_says_how_to_write_them(text: str, words: str) -> None:
    with pytest.raises(AddressError, match=words.replace("?", "\\?")) as caught:
        server_address(text)
    assert "canary" not in str(caught.value)


def test_a_proxy_has_a_port_and_may_have_a_sign_in_which_its_name_leaves_out() -> None:
    proxy = proxy_address("http://user:canary@proxy.office:3128/")
    assert proxy == "http://user:canary@proxy.office:3128"
    assert proxy_name(proxy) == "proxy.office:3128"


@pytest.mark.parametrize(
    "text",
    ["proxy.office:3128", "http://u:canary@proxy.office", "socks5://u:canary@p:1", "http://p:1/x"],
)
def test_other_proxy_addresses_are_refused_without_repeating_a_password(text: str) -> None:
    with pytest.raises(AddressError, match="http://PROXY:PORT") as caught:
        proxy_address(text)
    assert "canary" not in str(caught.value)
