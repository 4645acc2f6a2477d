"""Stand-ins for modules; each case has a process of its own, for here all are loaded already."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_what_only_others_import_is_not_loaded() -> None:
    program = (
        "import sys, agent.deferred, dataclasses, urllib.parse\n"
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True, slots=True)\n"
        "class Point:\n"
        "    'A place.'\n"
        "    x: int\n"
        "print(Point(1), 'ast' in sys.modules, hasattr(dataclasses.inspect, '__file__'))"
    )

    assert printed(program) == "Point(x=1) False False"


@pytest.mark.parametrize(
    "use",
    [
        "@dataclasses.dataclass\nclass Bare:\n    x: int\nprint(Bare.__doc__ == 'Bare(x: int)')",
        "import inspect\nprint(inspect.isfunction(dataclasses.field))",
        "from inspect import isfunction\nprint(isfunction(dataclasses.field))",
        "import urllib.parse\nprint(urllib.parse.urlsplit('http://[::1]:80/').hostname == '::1')",
        "from ipaddress import ip_address\nprint(ip_address('::1').is_loopback)",
    ],
)
def test_it_is_there_for_whoever_asks(use: str) -> None:
    assert printed(f"import agent.deferred, dataclasses\n{use}") == "True"


def test_all_get_the_same_module_afterwards() -> None:
    program = (
        "import agent.deferred, dataclasses\n"
        "first = dataclasses.inspect.Signature\n"
        "import inspect\n"
        "print(inspect.Signature is first is dataclasses.inspect.Signature)"
    )

    assert printed(program) == "True"


def test_a_module_that_is_loaded_stays_as_it_is() -> None:
    program = (
        "import sys, inspect\n"
        "before = sys.modules['inspect']\n"
        "import agent.deferred\n"
        "print(sys.modules['inspect'] is before, inspect.ismodule(sys))"
    )

    assert printed(program) == "True True"


def test_what_a_module_lacks_is_an_attribute_error() -> None:
    program = (
        "import agent.deferred, inspect\n"
        "try:\n"
        "    inspect.no_such_thing\n"
        "except AttributeError as error:\n"
        "    print(error)"
    )

    assert "no_such_thing" in printed(program)
