"""Runs on the Python for Windows: an object of COM is made, told and asked, by the tables' places.

Prints what it gave back. A link of the shell is there on every Windows.
"""

import sys

if sys.platform == "win32":
    import ctypes

    from agent.host import com

    LINK, INTERFACE = (
        "00021401-0000-0000-c000-000000000046",  # ShellLink
        "000214f9-0000-0000-c000-000000000046",  # IShellLinkW
    )
    GET_SHOW, SET_SHOW, QUERY_INTERFACE = 14, 15, 0
    NOBODY = "17072f7b-9abe-4a74-a261-1eb76b55107a"

    def main() -> None:
        """Print the number that was set, the same by another interface, and an error's kind."""
        with com.begun(), com.created(LINK, INTERFACE) as link:
            link.call(SET_SHOW, ctypes.c_int(7))
            sys.stdout.write(f"{link.number(GET_SHOW)} ")
            kind = com.identity(INTERFACE)
            with link.object(QUERY_INTERFACE, ctypes.addressof(kind)) as other:
                sys.stdout.write(f"{other.number(GET_SHOW)} ")
        try:
            with com.begun(), com.created(NOBODY, INTERFACE):
                sys.stdout.write("made")
        except OSError:
            sys.stdout.write("refused")

    if __name__ == "__main__":
        main()
