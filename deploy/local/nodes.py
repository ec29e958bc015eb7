"""The rows of ARA itself: API nodes and workers, and what they are told by their environment."""

import subprocess
from functools import partial

from . import checks, templates
from .part import Part

HOST = checks.HOST
CONNECTIONS, LEAST_CONNECTIONS = 60, 4  # to each PostgreSQL server: of all nodes, and of each


def pools(fleet, shard):
    return ",".join(f"{HOST}:{fleet.port(f'{name}/pgbouncer')}" for name in fleet.members(shard))


def settings(fleet, name):
    """The settings of a node, those of deploy/ara/node.env: the same to each, but for its own
    folder and port. Of servers that the fleet does not have there are none."""
    count = fleet.shape["api"] + fleet.shape["worker"]
    text = templates.substitute((templates.DEPLOY / "ara/node.env").read_text(), fleet.database | {
        "FOLDER": fleet.folder / name, "HOST": HOST, "PORT": fleet.port(name),
        "JWT_SECRET_KEY": fleet.state.secret("jwt"), "POSTGRES_HOST": pools(fleet, fleet.shards[0]),
        "POSTGRES_PORT": fleet.port(f"{fleet.members(fleet.shards[0])[0]}/pgbouncer"),
        "REDIS_HOST": ",".join(f"{HOST}:{fleet.port(redis)}" for redis in fleet.names("redis")),
        "REDIS_PASSWORD": fleet.state.secret("redis"),
        "POSTGRES_CONNECTIONS": max(CONNECTIONS, LEAST_CONNECTIONS * count),
        "FLEET_NODES": count,
        "FLEET_SERVERS": fleet.shape["api"]})
    lines = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    absent = tuple(group.upper() + "_" for group in ("postgres", "redis") if not fleet.has(group))
    told = {key: value for key, _, value in lines if not key.startswith(absent)}
    return told | (fleet.state["settings"] or {})


def node_rows(fleet):
    stores = tuple(group for group in ("postgres", "redis") if fleet.has(group))
    steps = list(shard_rows(fleet))
    yield from steps
    needs = (*stores, *(part.name for part in steps))
    for name in fleet.names("api"):
        yield Part(name, "api", partial(checks.answers, fleet.port(name), "/health/ready"),
                   (fleet.binary, "serve"), needs=needs, environment=settings(fleet, name))
    for name in fleet.names("worker"):
        yield Part(name, "worker", partial(checks.answers, fleet.port(name), "/health/ready"),
                   (fleet.binary, "worker", "--threads", "1"), needs=needs,
                   environment=settings(fleet, name))


def added(shard):
    """The step that makes a shard known to the catalog."""
    return f"shard-{shard}-added"


def shard_rows(fleet):
    """THE PLACE where shards after the first are made known to the catalog: a step for each, done
    once, by a binary that has the command."""
    if not fleet.has("postgres") or len(fleet.shards) == 1 or not knows(fleet.binary, "db"):
        return
    for shard in fleet.shards[1:]:
        yield Part(added(shard), "api", lambda: True,
                   (fleet.binary, "db", "reshard", "--add", shard, "--hosts", pools(fleet, shard)),
                   needs=("postgres",), environment=settings(fleet, "api-1"), once=True)


def knows(binary, command):
    try:
        return subprocess.run([binary, "help", command], capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False
