"""Brings rows up: starts each when what it needs is healthy, and waits until all are."""

import time

from . import checks, processes

PAUSE = 0.1
TRIES = 3  # a part that ends is started again, twice


class FleetError(Exception):
    """What a person must see: which part, and what it said last."""


def healthy(part):
    try:
        return bool(part.check())
    except checks.FAILURES:
        return False


class Ascent:
    """One `up`: what is healthy, what was started when, what has failed how often."""

    def __init__(self, fleet, wanted, seconds, say):
        self.fleet, self.wanted, self.say = fleet, wanted, say
        self.until = time.monotonic() + seconds
        self.done, self.started, self.tries = set(), {}, {}
        self.holding = {}  # since when a check holds
        self.steps = {}  # what runs of the rows that are done once

    def run(self):
        for part in self.wanted:
            if self.stands(part):
                self.done.add(part.name)
        while left := [part for part in self.wanted if part.name not in self.done]:
            if time.monotonic() > self.until:
                raise FleetError(self.late(left))
            for part in left:
                self.advance(part)
            time.sleep(PAUSE)

    def stands(self, part):
        """Whether it is what it should be: it runs, or is done, and answers."""
        if part.once and part.name not in self.fleet.state["done"]:
            return False
        return (not part.runs or self.fleet.running(part)) and healthy(part)

    def holds(self, part, now):
        if not self.stands(part):
            self.holding.pop(part.name, None)
            return False
        return now - self.holding.setdefault(part.name, now) >= part.hold

    def advance(self, part):
        if not self.may_start(part):
            return
        now = time.monotonic()
        if part.name not in self.started:
            self.started[part.name] = now
        if part.runs and not self.fleet.running(part):
            self.launch(part)
        elif (not part.once or self.step(part)) and self.holds(part, now):
            self.done.add(part.name)
            self.say(f"{part.name:<20}{now - self.started[part.name]:5.1f} s")

    def may_start(self, part):
        """What it needs and this ascent brings up too is healthy."""
        return not any(other.name not in self.done for other in self.wanted
                       if other.name in part.needs or other.group in part.needs)

    def launch(self, part):
        count = self.tries[part.name] = self.tries.get(part.name, 0) + 1
        if count > TRIES:
            raise FleetError(f"{part.name} ends by itself:\n{self.fleet.last_words(part)}")
        self.fleet.launch(part)

    def step(self, part):
        """Whether a step is done, now or long ago; starts it, and looks after it."""
        if part.name in self.fleet.state["done"]:
            return True
        if part.name not in self.steps:
            self.steps[part.name] = self.fleet.launch(part)
        if processes.alive(self.steps[part.name]):
            return False
        if processes.exit_codes.pop(self.steps[part.name][0], 0) != 0:
            raise FleetError(f"{part.name} failed:\n{self.fleet.last_words(part)}")
        self.fleet.state["done"] = [*self.fleet.state["done"], part.name]
        return True

    def late(self, left):
        words = [f"not healthy in time: {', '.join(part.name for part in left)}"]
        for part in left[:3]:
            if part.command:
                words.append(f"{part.name}:\n{self.fleet.last_words(part)}")
        return "\n".join(words)
