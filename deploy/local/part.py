"""One row of the table of parts."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Part:
    """What a fleet is made of: a process that runs, a step that is done once, or only a check."""

    name: str
    group: str  # what `up --only` names
    check: Callable[[], bool]
    command: tuple = ()  # empty: nothing is started, others bring it about
    needs: tuple = ()  # the parts that must be healthy before it starts
    prepare: Callable[[], None] | None = None  # writes its configuration
    user: str | None = None
    environment: dict = field(default_factory=dict)
    once: bool = False  # the command ends by itself, and is never run again
    hold: float = 0  # seconds for which the check must hold after something was started

    @property
    def folder(self):
        """Below the fleet's folder: `pg-a-1/patroni` lives in `pg-a-1`."""
        return self.name.split("/")[0]

    @property
    def runs(self):
        return bool(self.command) and not self.once

    def called(self, name):
        """Whether a command that names so means this part: by name, by member or by group."""
        return name in (self.name, self.folder, self.group)
