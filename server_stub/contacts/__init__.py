"""Contacts: people at clients, what they report from their computers and what comes with it."""
