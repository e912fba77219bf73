"""How far behind the front is: by so much whatever is asked now would be answered late."""

import asyncio

LOOK_S = 0.02
"""How often that is measured."""


class Lateness:
    """Measures by how much the event loop is late.

    Where more is sent than one process can take in, no queue of jobs is full: what waits are
    connections, and the loop comes to each ever later.

    Attributes:
        seconds: By so much it was late when it was measured last.
    """

    def __init__(self) -> None:
        self.seconds = 0.0

    async def watch(self) -> None:
        """Measure until this is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.seconds = loop.time() - due
