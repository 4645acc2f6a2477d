"""From the outbox to the server: the courier in the agent, and the sender, its short-lived child.

- ``courier``      when to send, what becomes of each answer
- ``batch``        what goes in one request
- ``schedule``     back-off and heartbeat times, pure
- ``child``        the sender as seen by the agent: start, ask, end
- ``command``      the sender's argument list and environment, the one place
- ``messages``     what both say to each other
- ``sender``       the child: the only user of requests and truststore
- ``verdict``      what an HTTP answer means, pure
- ``trouble``      what a failed attempt means, in words
- ``certificate``  who issued a certificate that was refused
- ``address``      which server and proxy addresses are allowed
- ``enrolment``    making this device known to a server
"""
