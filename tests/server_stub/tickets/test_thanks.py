import pytest

from server_stub.tickets.thanks import is_thanks


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "thank you very much",
        "Great, it works now. Thanks for your help!",
        "Merci beaucoup",
        "Muchas gracias",
    ],
)
def test_thanks_are_thanks(text: str) -> None:
    assert is_thanks(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "It works.",
        "Thanks, but it is still broken",
        "Thanks, it does not work",
        "Thank you, does it also work at home?",
        "Thanks for nothing",
        "Thanks. The printer",
    ],
)
def test_in_doubt_it_is_more_than_thanks(text: str) -> None:
    assert not is_thanks(text)
