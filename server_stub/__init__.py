"""The server of watchdesk: tickets, their clocks, and the pages technicians work in."""
