"""Facilities of the operating system, one per file; checks and facts read the computer here.

On Linux everything is read from ``/proc``, ``/sys`` and system calls: psutil would cost the
resident agent 3 MB (measured) and many times the processor time. On Windows and macOS psutil
answers; it is imported where it is used.
"""
