"""Technicians and their keys."""
