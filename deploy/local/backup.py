"""Physical backups of the shards by pgBackRest, and servers that are restored from them elsewhere."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from . import checks, processes, templates
from .state import State
from .supervise import FleetError

POSTGRES_BIN = "/usr/lib/postgresql/17/bin"
CONNECTIONS = 100
SECONDS_OF_RECOVERY = 300
HBA = f"host all all {checks.HOST}/32 scram-sha-256\n"


def repository(fleet):
    """Of all shards. In a real fleet it lies on another machine."""
    return fleet.folder / "pgbackrest"


def run(fleet, folder, shard, *words):
    """A command of pgBackRest, with the configuration in that folder."""
    user = processes.service_user()
    extra = {"user": user, "group": user, "extra_groups": []} if user else {}
    done = subprocess.run(
        ["pgbackrest", f"--config={folder / 'pgbackrest.conf'}", f"--stanza=shard-{shard}", *words],
        env={"PATH": "/usr/bin:/bin", "PGHOST": checks.HOST,
             "PGPASSWORD": fleet.state.secret("superuser")},
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, umask=0o077, **extra)
    if done.returncode:
        raise FleetError(f"pgbackrest {words[-1]} of shard {shard}:\n{done.stdout}{done.stderr}")
    return done.stdout


def back_up(fleet, kind="full", say=lambda line: None):
    """A base backup of each shard, while it works."""
    for shard in fleet.shards:
        start, leader = time.monotonic(), fleet.leader(shard)
        run(fleet, fleet.folder / leader, shard, f"--type={kind}", "backup")
        say(f"shard {shard:<14}{time.monotonic() - start:5.1f} s, a {kind} backup of {leader}")
    if fleet.has("api"):
        record(fleet)


def record(fleet):
    """Tells the store, and with it the metrics of every node, that all of it was backed up."""
    done = subprocess.run([fleet.binary, "backup", "--record"], env=os.environ | fleet.settings(),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise FleetError(f"backed up, but the store could not be told: {done.stderr.strip()}")


def restore(fleet, folder, at=None, say=lambda line: None):
    """Makes each shard anew below `folder`, as it was at that instant or as late as the archive
    goes, and has a server of its own serve it. The fleet itself is not touched."""
    folder = Path(folder).absolute()
    if folder.exists() and any(folder.iterdir()):
        raise FleetError(f"{folder} is not empty")
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    restored = State(folder)
    for shard in fleet.shards:
        start = time.monotonic()
        restore_files(fleet, restored, folder / f"shard-{shard}", shard, at)
        say(f"shard {shard:<14}{time.monotonic() - start:5.1f} s, its files")
        serve(fleet, restored, folder / f"shard-{shard}", shard)
        say(f"shard {shard:<14}{time.monotonic() - start:5.1f} s, serving on port "
            f"{restored.port(f'shard-{shard}')}")
    name_shards(fleet, restored)
    restored.release()


def name_shards(fleet, restored):
    """The restored catalog still names the servers of the fleet as those of its other shards: whoever
    served it would write there."""
    for shard in fleet.shards[1:]:
        hosts = f"{checks.HOST}:{restored.port(f'shard-{shard}')}"
        done = ask(fleet, restored.port(f"shard-{fleet.shards[0]}"),
                   "DO $$ BEGIN IF to_regclass('shards') IS NOT NULL THEN "
                   f"UPDATE shards SET hosts = '{hosts}' WHERE name = '{shard}'; END IF; END $$")
        if done.returncode:
            raise FleetError(f"shard {shard} cannot be named in the restored catalog: {done.stderr}")


def restore_files(fleet, restored, place, shard, at):
    user = processes.service_user()
    for part in (place, place / "data"):
        part.mkdir(mode=0o700)
        processes.give(part, user)
    templates.render("pgbackrest/pgbackrest.conf", place / "pgbackrest.conf", {
        "REPOSITORY": repository(fleet), "FOLDER": place, "SHARD": shard,
        "PORT": restored.port(f"shard-{shard}")}, user)
    templates.put(place / "pg_hba.conf", HBA, user)
    words = ("--type=time", f"--target={at}", "--target-action=promote") if at else ()
    run(fleet, place, shard, *words, "restore")


def serve(fleet, restored, place, shard):
    """Starts the server, which replays the archive, and waits until it takes writes."""
    name, port = f"shard-{shard}", restored.port(f"shard-{shard}")
    # What Patroni had set for a member of the shard: this server is alone, and must not archive.
    settings = {"port": port, "listen_addresses": checks.HOST, "unix_socket_directories": "",
                "archive_mode": "off", "synchronous_standby_names": "", "primary_conninfo": "",
                "primary_slot_name": "", "hba_file": place / "pg_hba.conf", "hot_standby": "off",
                "ident_file": place / "data/pg_ident.conf", "cluster_name": name,
                # Of these no fewer than there were; Patroni gives them on the command line.
                "max_connections": CONNECTIONS, "max_prepared_transactions": CONNECTIONS}
    words = [word for setting in settings.items() for word in ("-c", "%s=%s" % setting)]
    log = place.parent / f"{name}.log"
    process = processes.start(
        [f"{POSTGRES_BIN}/postgres", "-D", str(place / "data"), *words], place, log,
        {"PATH": f"{POSTGRES_BIN}:/usr/bin:/bin"}, processes.service_user())
    restored["processes"] = restored["processes"] | {name: process}
    until = time.monotonic() + SECONDS_OF_RECOVERY
    while not takes_writes(fleet, port):
        if not processes.alive(process) or time.monotonic() > until:
            raise FleetError(f"shard {shard} does not recover:\n" + log.read_text()[-2000:])
        time.sleep(0.05)


def ask(fleet, port, statement):
    return subprocess.run(
        [f"{POSTGRES_BIN}/psql", "-X", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", "-c", statement],
        env=address(fleet, port) | {"PGCONNECT_TIMEOUT": "3"}, capture_output=True, text=True)


def takes_writes(fleet, port):
    return ask(fleet, port, "SELECT pg_is_in_recovery()").stdout.strip() == "f"


def address(fleet, port):
    """For programs on libpq."""
    return {"PGHOST": checks.HOST, "PGPORT": str(port), "PGUSER": "ara_user",
            "PGPASSWORD": fleet.state.secret("database"),
            "PGDATABASE": fleet.database["POSTGRES_DB"]}


def settings(fleet, folder):
    """For `ara`, to use what is restored there: the first shard, which holds the catalog."""
    port = State(Path(folder).absolute()).port(f"shard-{fleet.shards[0]}")
    return fleet.database | {"POSTGRES_HOST": f"{checks.HOST}:{port}", "POSTGRES_PORT": str(port)}


def discard(folder):
    """Ends what is restored there, and deletes it."""
    folder = Path(folder).absolute()
    restored = State(folder)
    if not restored.exists or restored["groups"]:
        raise FleetError(f"nothing was restored in {folder}")
    processes.end(restored["processes"].values(), signal.SIGINT)
    restored.release()
    shutil.rmtree(folder)
