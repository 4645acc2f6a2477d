"""What plugins print, as real ones do it and as the rules of the Monitoring Plugins have it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.plugin_output import MOST_ITEMS, PerfValue, Range, parse, threshold
from agent.protocol.words import Unit


def values(printed: str) -> dict[str, float]:
    return parse(printed.encode()).values()


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (
            (
                "DISK OK - free space: / 71641MiB (68% inode=96%);| "
                "/=33821818880B;216442024755;243497277849;0;270552530944"
            ),
            {"perf__": 33821818880},
        ),
        (
            (
                "LOAD OK - total load average: 0.47, 0.39, 0.45|load1=0.470;5.000;9.000;0; "
                "load5=0.390;4.000;8.000;0; load15=0.450;3.000;7.000;0; \n"
            ),
            {"perf_load1": 0.47, "perf_load5": 0.39, "perf_load15": 0.45},
        ),
        ("PROCS OK: 75 processes | procs=75;5:2000;;0;", {"perf_procs": 75}),
        (
            "PING OK - Packet loss = 0%, RTA = 0.24 ms|rta=0.236000ms;100;200;0 pl=0%;5;10;0;",
            {"perf_rta": 0.000236, "perf_pl": 0},
        ),
        ("FILE_AGE OK: 1 |age=38165s;1;1 size=1301B;0;0;0", {"perf_age": 38165, "perf_size": 1301}),
        ("TEMP | 'core 0 °C'=45C;80;90", {"perf_core_0__c": 45}),
        ("NET | in=12c out=5KB bits=3b", {"perf_in": 12, "perf_out": 5000, "perf_bits": 3}),
        ("MEM | 'it''s ='=1MiB", {"perf_it_s__": 1048576}),
        ("LOCALE | load=0,5 t=,25s", {"perf_load": 0.5, "perf_t": 0.25}),
        ("EXP | a=1e-05s b=-3.5", {"perf_a": 1e-05, "perf_b": -3.5}),
        ("US | a=250us b=250µs c=3ns", {"perf_a": 25e-5, "perf_b": 25e-5, "perf_c": 3e-9}),
        # quiet: nothing that is no performance data becomes a metric
        ("OK: a=1 in the text", {}),
        ("connect to address 127.0.0.1 and port 1: Connection refused\n", {}),
        ("UNDETERMINED | a=U b=2", {"perf_b": 2}),
        ("BROKEN | a= =5 b==1 nan=nan inf=inf x=1x1 'open=3", {}),
        ("EMPTY |", {}),
        ("", {}),
    ],
)
def test_performance_data_becomes_metrics_in_base_units(
    printed: str, expected: dict[str, float]
) -> None:
    assert values(printed) == pytest.approx(expected)


def test_a_second_label_of_the_same_name_is_left_out() -> None:
    assert values("x | '/a b'=1 /a-b=2") == {"perf__a_b": 1}


def test_summary_details_and_both_places_of_performance_data() -> None:
    printed = (
        b"DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n"
        b"/ 15272 MB (77%);\n/boot 68 MB (69%);\n"
        b"/home 69357 MB (27%); | /boot=68MB;88;93;0;98\n/home=69357MB;253404;253409;0;253414 \n"
    )
    output = parse(printed)
    assert output.summary == "DISK OK - free space: / 3326 MB (56%);"
    assert output.details.splitlines() == [
        "/ 15272 MB (77%);",
        "/boot 68 MB (69%);",
        "/home 69357 MB (27%);",
    ]
    assert [item.label for item in output.perf] == ["/", "/boot", "/home"]
    assert output.perf[1].value == 68_000_000


def test_thresholds_and_bounds_are_in_the_units_of_the_value() -> None:
    [item] = parse(b"x | rta=500ms;250:750;@0:125;0;1000").perf
    warn, crit = Range(0.25, 0.75), Range(0.0, 0.125, inside=True)
    assert item == PerfValue("rta", 0.5, Unit.SECONDS, warn, crit, 0.0, 1.0)


@pytest.mark.parametrize(
    ("written", "quiet", "alarming"),
    [
        ("10", (0, 5, 10), (-1, 10.1)),
        ("10:", (10, 1e9), (9.9,)),
        ("~:10", (-1e9, 10), (10.1,)),
        ("10:20", (10, 20), (9, 21)),
        ("@10:20", (9, 21), (10, 15, 20)),
        ("-5:-1", (-5, -1), (-6, 0)),
        (":7", (0, 7), (-1, 8)),
    ],
)
def test_a_range_alarms_as_the_rules_have_it(
    written: str, quiet: tuple[float, ...], alarming: tuple[float, ...]
) -> None:
    limit = threshold(written)
    assert limit is not None
    assert not any(limit.alarms(value) for value in quiet)
    assert all(limit.alarms(value) for value in alarming)


@pytest.mark.parametrize("written", ["", "a", "20:10", "1:2:3", "@@1", "9" * 50, "~"])
def test_what_is_no_range_is_none(written: str) -> None:
    assert threshold(written) is None


def test_bytes_that_are_no_text_are_replaced() -> None:
    output = parse(b"caf\xe9 \x00 | a=1 \xff\xfe=2")
    assert output.summary.startswith("caf\ufffd")
    assert output.values()["perf_a"] == 1


def test_a_first_line_that_is_empty_is_no_summary() -> None:
    assert parse(b"\r\n\nOK: fine\r\nmore\r\n").summary == "OK: fine"


def test_a_flood_of_items_is_cut() -> None:
    flood = " ".join(f"a{n}=1" for n in range(10 * MOST_ITEMS))
    assert len(parse(f"x|{flood}".encode()).perf) == MOST_ITEMS


@given(st.binary(max_size=300) | st.text("|='; \n:@~eE.,0123456789aµsB%U-", max_size=80))
def test_whatever_is_printed_is_read(printed: bytes | str) -> None:
    output = parse(printed if isinstance(printed, bytes) else printed.encode())
    assert "\n" not in output.summary
    assert all(math.isfinite(item.value) for item in output.perf)
    assert all(item.metric.isascii() and len(item.metric) <= 100 for item in output.perf)
