"""Runs one of our modules out of this folder: ``python3 -I -S -B /usr/lib/watchdesk agent …``."""

import runpy
import sys

runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
