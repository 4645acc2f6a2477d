"""Tickets and their timeline."""
