"""Planned quiet, and everything that was held back because of it or of something larger."""
