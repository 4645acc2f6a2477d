"""The certificate reader meets what strangers show it."""

import random
from datetime import UTC, datetime

import pytest
import trustme

from agent.delivery.certificate import parse

BEGIN, END = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC), datetime(2055, 1, 2, 3, 4, 5, tzinfo=UTC)


def _der(authority: trustme.CA) -> bytes:
    import ssl  # noqa: PLC0415 - one call

    leaf = authority.issue_cert("desk.example", not_before=BEGIN, not_after=END)
    return ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())


def test_it_names_the_issuer_and_both_forms_of_dates() -> None:
    """Years from 2050 on are written in another form (RFC 5280, 4.1.2.5)."""
    authority = trustme.CA(organization_name="Corp Inspection Ltd")
    shown = parse(_der(authority))
    assert shown.issuer == "Corp Inspection Ltd"
    assert (shown.not_before, shown.not_after) == (BEGIN, END)


def test_mutations_are_refused_or_read_but_never_crash() -> None:
    good = _der(trustme.CA())
    dice = random.Random(7)  # noqa: S311 - a test that repeats itself
    read = 0
    for _ in range(5_000):
        mutated = bytearray(good[: dice.choice((len(good), dice.randrange(len(good))))])
        for _ in range(dice.randrange(1, 4)):
            if mutated:
                mutated[dice.randrange(len(mutated))] = dice.randrange(256)
        try:
            parse(bytes(mutated))
            read += 1
        except (ValueError, IndexError):
            pass
    assert read > 0


@pytest.mark.parametrize("der", [b"", b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"x" * 50])
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        parse(der)
