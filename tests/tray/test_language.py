"""Every text of the tray has its French, and keeps its places for values."""

import ast
import re
from pathlib import Path

import pytest

from tray import language
from tray.forms.page import spoken, written
from tray.language import _, compiled, entries, ngettext

TRAY = Path(language.__file__).parent
CATALOGUES = sorted((TRAY / "locale").glob("*.po"))


def texts_in_code() -> set[str]:
    found = set(written())
    for path in TRAY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_", "ngettext"):
                literals = [one.value for one in node.args if isinstance(one, ast.Constant)]
                texts = [one for one in literals if isinstance(one, str)]
                if texts:
                    found.add("\0".join(texts))
    return found


def test_there_is_a_further_language() -> None:
    assert "fr" in [path.stem for path in CATALOGUES]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_text_is_translated_and_nothing_else(path: Path) -> None:
    translated = {key: text for key, text in entries(path.read_text()).items() if key}
    known = texts_in_code()

    assert sorted(known - set(translated)) == []
    assert sorted(set(translated) - known) == []
    for key, text in translated.items():
        for form in text.split("\0"):
            assert form, key
            places = set(re.findall(r"\{\w+\}", form))
            named = set(re.findall(r"\{\w+\}", key))
            assert places == named or ("\0" in key and places < named), key


def test_french_is_spoken_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_CA.UTF-8")
    language.speak()

    assert language.tag() == "fr"
    assert _("Quit") == "Quitter"
    assert ngettext("{count} problem is known", "{count} problems are known", 2).startswith("{")


@pytest.mark.parametrize("name", ["C", "", "de_DE.UTF-8", "tlh", "../../etc"])
def test_in_any_other_language_it_speaks_english(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", name)
    language.speak()

    assert (_("Quit"), language.tag()) == ("Quit", "en")


def test_a_catalogue_may_hold_several_lines_and_quotes() -> None:
    found = entries('msgid ""\n"a \\"b\\"\\n"\nmsgstr "c\\\\"\n')

    assert found == {'a "b"\n': "c\\"}
    assert compiled(found)[:4] == b"\xde\x12\x04\x95"


def test_a_catalogue_that_is_not_understood_names_its_line() -> None:
    with pytest.raises(ValueError, match="line 2"):
        entries('msgid "a"\nmsgstr b\n')


def test_texts_with_quotes_are_found_in_a_script() -> None:
    assert spoken(r't("a \"b\"") + t("c", {})') == ['a "b"', "c"]
