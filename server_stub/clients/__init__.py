"""Clients, their sites and devices, and who may see which of them."""
