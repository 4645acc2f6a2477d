"""A picture of the screen: only what is left after blacking out is ever given away.

The one module that takes pictures. What was hidden is painted over in solid black on the picture
itself (blur and mosaic can be undone); nothing is written to disk here.
"""

import io
import os
import sys
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw, ImageGrab

from tray.errors import PictureError
from tray.language import _

_SMALLEST = 64
_LARGEST_BYTES = 4 * 1024 * 1024
"""A picture above it is sent at half its size; an attachment has at most 5 MB."""


class Picture:
    """Pixels in memory."""

    def __init__(self, image: Image.Image) -> None:
        """Take the pixels alone, without anything a file may say about them."""
        self._image = image.convert("RGB")

    @property
    def width(self) -> int:
        """Pixels across."""
        return self._image.width

    @property
    def height(self) -> int:
        """Pixels down."""
        return self._image.height

    def blacked_out(self, boxes: Sequence[Sequence[int]]) -> "Picture":
        """Return a copy with each box (left, top, right, bottom) painted solid black.

        Corners may be given in any order and lie outside. Raises PictureError for what is no box.
        """
        image = self._image.copy()
        pen = ImageDraw.Draw(image)
        for box in boxes:
            if len(box) != 4 or not all(isinstance(one, int) for one in box):  # noqa: PLR2004
                raise PictureError(_("A box to black out has four whole numbers."))
            left, right = sorted((box[0], box[2]))
            top, bottom = sorted((box[1], box[3]))
            pen.rectangle((left, top, right, bottom), fill="black")
        return Picture(image)

    def png(self) -> bytes:
        """Return it as a PNG file without metadata, small enough to be attached."""
        image = self._image
        while True:
            content = io.BytesIO()
            image.save(content, "PNG")
            if content.tell() <= _LARGEST_BYTES:
                return content.getvalue()
            image = image.reduce(2)


def capture(environment: Mapping[str, str] = os.environ) -> Picture:
    """Return what all screens show now.

    Raises PictureError when the system refuses, or gives black pixels only, as Wayland and
    macOS do without permission.
    """
    try:
        image = ImageGrab.grab(all_screens=sys.platform == "win32")
    except (OSError, ValueError, NotImplementedError) as error:
        raise PictureError(
            _("The screen could not be captured ({reason}). Your report can be sent without.")
            .format(reason=error)
        ) from error  # fmt: skip
    if min(image.size) < _SMALLEST or image.convert("RGB").getbbox() is None:
        hint = ""
        if environment.get("WAYLAND_DISPLAY"):
            hint = " " + _("This desktop does not let programs see the screen.")
        raise PictureError(
            _("The screen could not be captured: the picture is all black.")
            + hint
            + " "
            + _("Your report can be sent without, or attach a picture taken otherwise.")
        )
    return Picture(image)
