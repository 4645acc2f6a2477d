"""Making the agent a service of this computer, and taking it away again.

- ``order``     what was asked for, looked at before anything is changed
- ``trust``     whether others could change the files that the service would run
- ``state``     the state folder: what ``uninstall --purge`` deletes
- ``linux``     a systemd unit, its text in ``watchdesk-agent.service``
- ``macos``     a launchd daemon
- ``windows``   a service of Windows' service manager, folders with an access list of their own

Installing needs no network. Nothing here is ever loaded by the agent that stays.
"""
