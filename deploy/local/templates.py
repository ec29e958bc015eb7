"""deploy/ holds configurations in which ${NAME} stands for what differs from node to node."""

import re
from pathlib import Path

from . import processes

DEPLOY = Path(__file__).resolve().parent.parent


def substitute(text, values):
    """${NAME} by its value; one that has none is an error, and everything else stays."""
    return re.sub(r"\$\{([A-Z_]+)\}", lambda found: str(values[found[1]]), text)


def render(template, target, values, user=None):
    """Writes the configuration; only its reader may read it, since passwords are in it."""
    text = substitute((DEPLOY / template).read_text(), values)
    put(target, text, user)


def put(target, text, user=None):
    """Replaces a file at once: a server that reads it just now sees the old one or the new."""
    part = target.with_name(target.name + ".new")
    part.touch(0o600)
    part.write_text(text)
    processes.give(part, user)
    part.replace(target)
