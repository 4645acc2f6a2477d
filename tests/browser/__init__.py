"""Stories told in Chromium against the real server."""
