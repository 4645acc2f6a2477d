"""What panels are told, without one: where the order of two threads matters."""

import pytest
from PIL import Image


@pytest.fixture
def icon(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("PYSTRAY_BACKEND", "dummy")
    from tray.backends.sni import Icon  # noqa: PLC0415 - pystray chooses its way while imported

    return Icon("watchdesk", Image.new("RGBA", (64, 64), (0, 128, 255, 255)), "title")


def test_a_panel_that_asks_while_the_icon_is_being_shown_is_told_that_it_is(
    icon: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the icon stays hidden for ever: the panel asks once for each signal."""
    told: list[str] = []
    monkeypatch.setattr(icon, "_soon", lambda _act: told.append(icon.status))  # type: ignore[attr-defined] # pystray is untyped

    icon.visible = True  # type: ignore[attr-defined] # the same
    icon.visible = False  # type: ignore[attr-defined] # the same

    assert (told[-2], told[-1]) == ("Active", "Passive")


def test_pictures_are_argb_in_network_byte_order(icon: object) -> None:
    from tray.backends.sni import pixmaps  # noqa: PLC0415 - the same

    small = pixmaps(icon.icon)[0]  # type: ignore[attr-defined] # the same

    assert small[:2] == [16, 16]
    assert small[2][:4] == bytes([255, 0, 128, 255])
