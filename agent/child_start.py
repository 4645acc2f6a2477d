"""Starts one of our modules as a child: ``python -I -S -B child_start.py FOLDERS MODULE …``.

``-S`` spares the child what ``site`` does at each start (the folders' ``.pth`` files, what they
import), and this file what ``-m`` does; so the folders to import from are given. Run as a file and
compiled at each start: it is kept short. The module's ``main`` is called with what follows.
"""

import os
import sys

folders, module, *words = sys.argv[1:]
sys.path += folders.split(os.pathsep)
status = __import__(module, fromlist=["main"]).main(words)
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)  # taking the libraries apart would cost an eighth of a sender's time (17 ms)
