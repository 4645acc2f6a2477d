import json

import pytest

from agent.protocol.strict import ProtocolError, check_value, parse, text_of


@pytest.mark.parametrize(
    ("text", "field", "reason"),
    [
        ('{"a": NaN}', "a", "NaN is not a number"),
        ('{"a": [1, -Infinity]}', "a[1]", "-Infinity is not a number"),
        ('{"a": 1e999}', "a", "not a finite number"),
        ('{"a": 9007199254740992}', "a", "beyond 53 bits"),
        ('{"a": ' + "9" * 5000 + "}", "a", "is not a number that can be stored"),
        ('{"a": "x\\u0000y"}', "a", "NUL"),
        ('{"a": {"b": "\\ud800"}}', "a.b", "half a surrogate pair"),
        ('{"a\\ud800": 1}', "", "half a surrogate pair"),
        ('{"a": "' + "x" * 20_000 + '"}', "a", "longer than 16384"),
        ('{"a": ' + "[" * 12 + "1" + "]" * 12 + "}", "a" + "[0]" * 8, "nested more than 8 deep"),
        ('{"a": [' + ",".join("1" * 3000) + "]}", "a", "more than 2000 members"),
    ],
)  # fmt: skip
def test_what_must_not_be_stored_is_refused_by_its_field(
    text: str, field: str, reason: str
) -> None:
    tree = parse(text.encode())

    with pytest.raises(ProtocolError) as refused:
        check_value(tree)

    assert refused.value.field == field
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff{}", "not UTF-8"),
        (b"{", "not JSON (line 1, column 2"),
        (b"", "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(body: bytes, reason: str) -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(body)

    assert refused.value.field == ""
    assert reason in refused.value.reason


def test_one_bad_number_leaves_its_neighbours_readable() -> None:
    tree = parse(b'[{"a": 1}, {"a": NaN}, {"a": 3}]')

    check_value(tree[0])
    check_value(tree[2])
    with pytest.raises(ProtocolError):
        check_value(tree[1])


def test_plain_values_pass() -> None:
    tree = parse(json.dumps({"t": "é😀", "n": [1, -2.5, None, True], "big": 2**53 - 1}).encode())

    check_value(tree)


def test_bodies_that_mean_the_same_have_the_same_text() -> None:
    assert text_of(parse(b'{"b": 1, "a": "\\u00e9"}')) == text_of(parse('{"a":"é","b":1}'.encode()))
