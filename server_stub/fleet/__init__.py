"""Devices that fall silent: watched, told alone or as one outage of their site, and released."""
