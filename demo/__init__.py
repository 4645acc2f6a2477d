"""``make demo``: the main job of watchdesk, shown on this computer with the real programs."""
