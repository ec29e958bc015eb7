"""./dev cluster: the commands of the local fleet."""

import argparse
import json
import sys
import time

from . import backup
from .fleet import GROUPS, MOST_SHARDS, Fleet
from .status import picture
from .supervise import FleetError


def arguments():
    parser = argparse.ArgumentParser(prog="./dev cluster", description="A fleet on this machine.")
    parser.add_argument("--folder", help="where it lives (also ARA_CLUSTER)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="start what is down, and wait until all is healthy")
    up.add_argument("--only", metavar="GROUPS", help=f"some of {','.join(GROUPS)}")
    up.add_argument("--shards", type=int, choices=range(1, MOST_SHARDS + 1), default=2, metavar="N",
                    help=f"shards of a new fleet, 1 to {MOST_SHARDS} (default 2)")
    status = commands.add_parser("status", help="show who is up and who leads")
    status.add_argument("--json", action="store_true")
    commands.add_parser("down", help="end all of it and delete its data")
    scale = commands.add_parser("scale", help="change the number of API nodes")
    scale.add_argument("count", type=int, metavar="N")
    grow = commands.add_parser("grow", help="bring up the PostgreSQL servers of more shards, to have "
                               "N; `ara db reshard --add` puts them to use")
    grow.add_argument("count", type=int, metavar="N")
    kill = commands.add_parser("kill", help="kill -9 a part: api-1, pg-a-1, pg-a-1/postgres, "
                               "pg-a-primary, redis-3, redis, nginx, …")
    kill.add_argument("part")
    commands.add_parser("heal", help="start what is down again, and wait until all is healthy")
    restart = commands.add_parser("restart", help="end parts in good order and start them again, one "
                                  "by one: `restart api` after a build")
    restart.add_argument("part")
    backing_up = commands.add_parser("backup", help="a base backup of each shard, by pgBackRest")
    backing_up.add_argument("--type", choices=("full", "diff", "incr"), default="full")
    restoring = commands.add_parser("restore", help="the shards as they were, on servers of their own "
                                    "(docs/RECOVERY.md)")
    restoring.add_argument("--to", metavar="FOLDER", required=True, help="empty or not there yet")
    restoring.add_argument("--at", metavar="TIME", help="an instant such as '2026-11-29 18:00:00+00'; "
                           "else the newest that is archived")
    commands.add_parser("discard", help="end what was restored, and delete it").add_argument("to")
    env = commands.add_parser("env", help="print where it is, and the settings for `ara` on the "
                              "command line")
    env.add_argument("--restored", metavar="FOLDER", help="the settings for what was restored there")
    return parser.parse_args()


def say(line):
    print(f"  {line}", flush=True)


def show(fleet):
    print("\n".join(picture(fleet.status())))


def environment(fleet):
    """For a shell: where the fleet is, and the settings with which `ara` uses its servers."""
    urls = fleet.status()["urls"]
    where = {"FLEET_FOLDER": fleet.folder}
    if "fleet" in urls:
        where |= {"FLEET_URL": urls["fleet"], "FLEET_CERTIFICATE": urls["certificate"]}
    if "prometheus" in urls:
        where["FLEET_PROMETHEUS"] = urls["prometheus"]
    return where | fleet.settings()


def act(fleet, given):
    start = time.monotonic()
    if given.command == "up":
        fleet.up(given.only and given.only.split(","), say=say)
    elif given.command == "heal":
        fleet.heal(say=say)
    elif given.command == "scale":
        fleet.scale(given.count, say=say)
    elif given.command == "grow":
        for shard, hosts in fleet.grow(given.count, say=say):
            print(f"ara db reshard --add {shard} --hosts {hosts}")
    elif given.command == "restart":
        fleet.restart(given.part, say=say)
    elif given.command == "kill":
        say(f"{given.part}: {len(fleet.kill(given.part))} processes killed")
    elif given.command == "down":
        fleet.down()
    elif given.command == "backup":
        backup.back_up(fleet, given.type, say=say)
    elif given.command == "restore":
        backup.restore(fleet, given.to, given.at, say=say)
    elif given.command == "discard":
        backup.discard(given.to)
    elif given.command == "env":
        told = backup.settings(fleet, given.restored) if given.restored else environment(fleet)
        for name, value in told.items():
            print(f"export {name}='{value}'")
    elif given.json:
        print(json.dumps(fleet.status(), indent=2))
    else:
        show(fleet)
    if given.command in ("up", "heal", "scale", "restart"):
        say(f"ready after {time.monotonic() - start:.1f} s\n")
        show(fleet)


def main():
    given = arguments()
    try:
        act(Fleet(given.folder, shards=getattr(given, "shards", 2)), given)
    except FleetError as error:
        print(f"cluster: {error}", file=sys.stderr)
        sys.exit(1)


main()
