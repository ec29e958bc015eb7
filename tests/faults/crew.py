"""Threads that work side by side until a block ends: `with Workers(...) as workers: …`."""

import threading


class Crew:
    """`threads` are started where the block begins. At its end `stopped` is set, which they look at,
    and they are waited for; then `report` tells what came of it."""

    def __init__(self):
        self.threads, self.stopped = [], threading.Event()

    def report(self):
        """Nothing, unless a kind of crew has something to tell."""

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        self.report()
