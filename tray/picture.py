"""What the icon looks like: one picture for each mood."""

from PIL import Image, ImageDraw

from tray.menu import Mood

_PIXELS = 64
_SCALE = 4

_GREEN, _AMBER, _BLUE, _GREY = (18, 153, 92), (232, 134, 9), (28, 105, 212), (110, 118, 128)
_WHITE = (255, 255, 255)


def picture(mood: Mood) -> Image.Image:
    """Return the icon for a mood: told by shape as well as colour, outlined for any taskbar."""
    side = _PIXELS * _SCALE
    image = Image.new("RGBA", (side, side))
    pen = ImageDraw.Draw(image)
    _DRAWN[mood](pen, side)
    return image.resize((_PIXELS, _PIXELS), Image.Resampling.LANCZOS)


def _well(pen: ImageDraw.ImageDraw, side: int) -> None:
    _disc(pen, side, _GREEN)
    points = [(0.27 * side, 0.52 * side), (0.44 * side, 0.68 * side), (0.74 * side, 0.34 * side)]
    pen.line(points, fill=_WHITE, width=side // 9, joint="curve")


def _known(pen: ImageDraw.ImageDraw, side: int) -> None:
    corners = [(0.5 * side, 0.03 * side), (0.99 * side, 0.94 * side), (0.01 * side, 0.94 * side)]
    pen.polygon(corners, fill=_AMBER, outline=_WHITE, width=side // 20)
    pen.rectangle((0.45 * side, 0.34 * side, 0.55 * side, 0.66 * side), fill=_WHITE)
    pen.ellipse((0.44 * side, 0.73 * side, 0.56 * side, 0.85 * side), fill=_WHITE)


def _answer(pen: ImageDraw.ImageDraw, side: int) -> None:
    tail = [(0.22 * side, 0.6 * side), (0.22 * side, 0.98 * side), (0.55 * side, 0.7 * side)]
    pen.polygon(tail, fill=_BLUE, outline=_WHITE, width=side // 20)
    box = (0.02 * side, 0.08 * side, 0.98 * side, 0.76 * side)
    pen.rounded_rectangle(box, side // 6, fill=_BLUE, outline=_WHITE, width=side // 20)
    for line in (0.3, 0.48):
        pen.rectangle((0.2 * side, line * side, 0.8 * side, (line + 0.09) * side), fill=_WHITE)


def _not_connected(pen: ImageDraw.ImageDraw, side: int) -> None:
    _disc(pen, side, _GREY)
    ends = [(0.28 * side, 0.72 * side), (0.72 * side, 0.28 * side)]
    pen.line(ends, fill=_WHITE, width=side // 9)


def _disc(pen: ImageDraw.ImageDraw, side: int, colour: tuple[int, int, int]) -> None:
    edge = 0.02 * side
    pen.ellipse((edge, edge, side - edge, side - edge), colour, _WHITE, side // 20)


_DRAWN = {
    Mood.WELL: _well,
    Mood.KNOWN: _known,
    Mood.ANSWER: _answer,
    Mood.NOT_CONNECTED: _not_connected,
}
