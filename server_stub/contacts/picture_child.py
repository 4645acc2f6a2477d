"""Draws a picture anew, alone in a process with tight limits: what comes out was made here.

Run as ``python -I -m server_stub.contacts.picture_child``: the picture on standard input, its new
PNG on standard output; what is none ends it with a traceback and 1. Reading pictures is where
others' bytes meet the most code; whatever they do to it, this process opens no files for writing,
has little memory and a few seconds.
"""

import io
import sys
import warnings

from PIL import Image, ImageFile

FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
MOST_PIXELS = 50_000_000
CPU_S = 10
MEMORY_BYTES = 1024 * 1024 * 1024


def main() -> None:
    """Read a picture, write it anew; whatever it raises ends the process with 1."""
    _limit()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=FORMATS) as picture:
        has_alpha = "A" in picture.getbands() or "transparency" in picture.info
        drawn = picture.convert("RGBA" if has_alpha else "RGB")
        bare = Image.new(drawn.mode, drawn.size)
        bare.paste(drawn)  # pixels alone: no text, no place, no thumbnail goes along
    out = io.BytesIO()
    bare.save(out, "PNG")
    sys.stdout.buffer.write(out.getvalue())


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


if __name__ == "__main__":
    main()
