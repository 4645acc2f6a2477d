"""Notes: what the desk knows, told to people before they have to ask."""
