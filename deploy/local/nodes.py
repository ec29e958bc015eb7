"""The rows of ARA itself: API nodes and workers, and what they are told by their environment."""

import subprocess
from functools import partial

from . import checks
from .part import Part

HOST = checks.HOST


def pools(fleet, shard):
    return ",".join(f"{HOST}:{fleet.port(f'{name}/pgbouncer')}" for name in fleet.members(shard))


def settings(fleet):
    """What all nodes are told, the same to each: nothing in a node is another's."""
    found = {"JWT_SECRET_KEY": fleet.state.secret("jwt"), "TRUSTED_PROXIES": "127.0.0.1"}
    if fleet.has("postgres"):
        found |= fleet.database | {
            "POSTGRES_HOST": pools(fleet, fleet.shards[0]),
            "POSTGRES_PORT": str(fleet.port(f"{fleet.members(fleet.shards[0])[0]}/pgbouncer"))}
    if fleet.has("redis"):
        found |= {"REDIS_HOST": ",".join(f"{HOST}:{fleet.port(name)}" for name in fleet.names("redis")),
                  "REDIS_PASSWORD": fleet.state.secret("redis")}
    return found


def node_rows(fleet):
    """API nodes listen, and leave jobs to the workers; each has a folder of its own."""
    stores = tuple(group for group in ("postgres", "redis") if fleet.has(group))
    needs = (*stores, *(part.name for part in shard_rows(fleet)))
    for name in fleet.names("api"):
        port = fleet.port(name)
        yield Part(name, "api", partial(checks.answers, port, "/health/ready"),
                   (fleet.binary, "serve"), needs=needs,
                   environment=settings(fleet) | {
                       "ARA_HOME": str(fleet.folder / name), "API_HOST": HOST,
                       "API_PORT": str(port), "JOB_WORKERS": "0"})
    for name in fleet.names("worker"):
        yield Part(name, "worker", lambda: True, (fleet.binary, "worker", "--threads", "1"),
                   needs=needs,
                   environment=settings(fleet) | {"ARA_HOME": str(fleet.folder / name)})


def shard_rows(fleet):
    """THE PLACE where shards after the first are made known to the catalog: one step for each,
    done once, by a binary that has the command."""
    if not fleet.has("postgres") or len(fleet.shards) == 1 or not knows(fleet.binary, "db"):
        return
    for shard in fleet.shards[1:]:
        yield Part(f"shard-{shard}-added", "api", lambda: True,
                   (fleet.binary, "db", "reshard", "--add", shard, "--host", pools(fleet, shard)),
                   needs=("postgres",), once=True,
                   environment=settings(fleet) | {"ARA_HOME": str(fleet.folder / "home")})


def knows(binary, command):
    try:
        return subprocess.run([binary, "help", command], capture_output=True, timeout=10).returncode == 0
    except OSError:
        return False
