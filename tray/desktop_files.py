"""The files that start the tray with a session and put the form into the menu of programs.

The menu entry is also the way to the form where a desktop shows no icons (GNOME), and for
people who work by keyboard alone.
"""

import html
import sys
from collections.abc import Mapping, Sequence

_ENTRY = """[Desktop Entry]
Type=Application
Name=Report a problem
Name[fr]=Signaler un problème
Comment=Tell the support desk what is wrong with this computer
Comment[fr]=Dire au support ce qui ne va pas sur cet ordinateur
Exec={form}
Icon=help-browser
Terminal=false
Categories=Utility;
Keywords=help;support;ticket;aide;
"""
_AUTOSTART = """[Desktop Entry]
Type=Application
Name=watchdesk
Exec={tray}
Icon=help-browser
Terminal=false
NoDisplay=true
X-GNOME-Autostart-enabled=true
"""
_AGENT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>watchdesk.tray</string>
  <key>ProgramArguments</key><array>{arguments}</array>
  <key>LimitLoadToSessionType</key><string>Aqua</string>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
  <key>ProcessType</key><string>Interactive</string>
</dict>
</plist>
"""
_REGISTRY = """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run]
"watchdesk-tray"="{tray}"
"""


def desktop_files(command: Sequence[str], platform: str = sys.platform) -> Mapping[str, str]:
    """Return file name → text for this kind of system; ``command`` starts this program.

    Linux: copy them to ``/usr/share/applications`` and ``/etc/xdg/autostart``. macOS: to
    ``/Library/LaunchAgents``. Windows: import the file into the registry.
    """
    if platform == "win32":
        quoted = " ".join(f'"{part}"' for part in command)
        return {"watchdesk-tray.reg": _REGISTRY.format(tray=_registry(quoted))}
    if platform == "darwin":
        parts = "".join(f"<string>{html.escape(part)}</string>" for part in command)
        return {"watchdesk.tray.plist": _AGENT.format(arguments=parts)}
    return {
        "applications/watchdesk-report.desktop": _ENTRY.format(form=_exec([*command, "form"])),
        "autostart/watchdesk-tray.desktop": _AUTOSTART.format(tray=_exec(command)),
    }


def _exec(command: Sequence[str]) -> str:
    """Quote a command as the Desktop Entry Specification wants its Exec key."""
    quoted = []
    for part in command:
        text = part.replace("%", "%%")
        if not text or set(text) & set(" \t\n\"'\\><~|&;$*?#()`"):
            for one in '\\"`$':
                text = text.replace(one, "\\" + one)
            text = '"' + text.replace("\\", "\\\\") + '"'
        quoted.append(text)
    return " ".join(quoted)


def _registry(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
