"""The rows of the servers that are not ARA: etcd, PostgreSQL, Redis, nginx, Prometheus."""

import json
import subprocess
from functools import partial

from . import backup, checks, processes, templates
from .part import Part

HOST = checks.HOST
POSTGRES_BIN = "/usr/lib/postgresql/17/bin"
# A fleet on one small machine; a real one has more, and the same files.
POSTGRES_SIZE = {"MAX_CONNECTIONS": 60, "SHARED_BUFFERS": "32MB", "MAX_WAL": "512MB",
                 "SLOT_WAL": "1GB", "POOL_SIZE": 16, "POOL_RESERVE": 4, "POOL_MAX": 40}
PATRONI_LOOP = 3.5  # seconds after which Patroni has noticed what has changed: its loop_wait and some
REDIS_MASTERS = 3
REDIS_MEMORY = "64mb"


def etcd_rows(fleet):
    names = fleet.names("etcd")
    members = ",".join(f"{name}=http://{HOST}:{fleet.port(f'{name}/peer')}" for name in names)
    for name in names:
        folder, port = fleet.folder / name, fleet.port(name)
        values = {"NAME": name, "FOLDER": folder, "HOST": HOST, "PORT": port,
                  "PEER_PORT": fleet.port(f"{name}/peer"), "ETCD_MEMBERS": members}
        yield Part(name, "etcd", partial(checks.etcd_healthy, port),
                   ("etcd", "--config-file", str(folder / "etcd.yml")),
                   prepare=partial(templates.render, "etcd/etcd.yml", folder / "etcd.yml", values))


def member_values(fleet, shard, name):
    return POSTGRES_SIZE | fleet.database | {
        "NAME": name, "SHARD": shard, "FOLDER": fleet.folder / name, "HOST": HOST,
        "NETWORK": "127.0.0.1/32", "POSTGRES_BIN": POSTGRES_BIN,
        "REPOSITORY": backup.repository(fleet),
        "ETCD_HOSTS": ",".join(f"{HOST}:{fleet.port(etcd)}" for etcd in fleet.names("etcd")),
        "PORT": fleet.port(f"{name}/postgres"), "REST_PORT": fleet.port(f"{name}/patroni"),
        "POOL_PORT": fleet.port(f"{name}/pgbouncer"),
        "PATRONI_PASSWORD": fleet.state.secret("patroni"),
        "SUPERUSER_PASSWORD": fleet.state.secret("superuser"),
        "REPLICATION_PASSWORD": fleet.state.secret("replication"),
        "REWIND_PASSWORD": fleet.state.secret("rewind"),
        "PGBOUNCER_PASSWORD": fleet.state.secret("pgbouncer")}


def write_all(files, folder, values, user):
    repository = values["REPOSITORY"]
    repository.mkdir(mode=0o700, exist_ok=True)
    processes.give(repository, user)
    for template in files:
        templates.render(template, folder / template.rsplit("/", 1)[1], values, user)


def postgres_rows(fleet):
    user = processes.service_user()
    for shard in fleet.shards:
        names = fleet.members(shard)
        for name in names:
            yield from member_rows(fleet, shard, name, user)
        ports = [fleet.port(f"{name}/patroni") for name in names]
        yield Part(f"shard-{shard}", "postgres", partial(checks.shard_ready, ports),
                   needs=tuple(f"{name}/patroni" for name in names), hold=PATRONI_LOOP)


def member_rows(fleet, shard, name, user):
    folder, values = fleet.folder / name, member_values(fleet, shard, name)
    environment = fleet.database | {
        "PATH": f"{POSTGRES_BIN}:/usr/bin:/bin", "HOME": str(folder),
        "POOL": f"host={HOST} port={values['POOL_PORT']}",
        "PGBOUNCER_PASSWORD": values["PGBOUNCER_PASSWORD"]}
    patroni = ("patroni/patroni.yml", "patroni/post_bootstrap.sh", "patroni/on_role_change.sh",
               "pgbackrest/pgbackrest.conf")
    pgbouncer = ("pgbouncer/pgbouncer.ini", "pgbouncer/userlist.txt")
    yield Part(f"{name}/pgbouncer", "postgres", partial(checks.listens, values["POOL_PORT"]),
               ("/usr/sbin/pgbouncer", str(folder / "pgbouncer.ini")), user=user,
               prepare=partial(write_all, pgbouncer, folder, values, user))
    yield Part(f"{name}/patroni", "postgres", partial(checks.member_runs, values["REST_PORT"]),
               ("/usr/bin/patroni", str(folder / "patroni.yml")), needs=("etcd",), user=user,
               environment=environment,
               prepare=partial(write_all, patroni, folder, values, user))


def redis_rows(fleet):
    names, password = fleet.names("redis"), fleet.state.secret("redis")
    ports = [fleet.port(name) for name in names]
    for name, port in zip(names, ports):
        folder = fleet.folder / name
        values = {"FOLDER": folder, "HOST": HOST, "PORT": port, "REDIS_PASSWORD": password,
                  "BUS_PORT": fleet.port(f"{name}/bus"), "REDIS_MEMORY": REDIS_MEMORY}
        yield Part(name, "redis", partial(checks.redis_pongs, port, password),
                   ("redis-server", str(folder / "redis.conf")),
                   prepare=partial(templates.render, "redis/redis.conf", folder / "redis.conf", values))
    nodes = [f"{HOST}:{port}" for port in ports]
    yield Part("redis-cluster", "redis", partial(checks.redis_whole, ports, password),
               ("redis-cli", "--cluster", "create", *nodes, "--cluster-replicas",
                str(len(names) // REDIS_MASTERS - 1), "--cluster-yes"),
               needs=tuple(names), environment={"REDISCLI_AUTH": password}, once=True)


def write_nginx(fleet):
    folder = fleet.folder / "nginx"
    certificate = folder / "certificate.pem"
    if not certificate.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "365", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key.pem", "-out",
             certificate],
            check=True, capture_output=True)
        (folder / "key.pem").chmod(0o600)
    node = (templates.DEPLOY / "nginx/node.conf").read_text()
    templates.put(folder / "nodes.conf", "".join(
        templates.substitute(node, {"HOST": HOST, "PORT": fleet.port(name)})
        for name in fleet.names("api")))
    templates.render("nginx/ara.conf", folder / "nginx.conf", {
        "FOLDER": folder, "HOST": HOST, "PORT": fleet.port("nginx"),
        "HTTP_PORT": fleet.port("nginx/http"), "SERVER_NAME": "localhost"})


def nginx_rows(fleet):
    folder = fleet.folder / "nginx"
    check = partial(checks.answers, fleet.port("nginx"), "/nginx_status",
                    certificate=folder / "certificate.pem")
    yield Part("nginx", "nginx", check,
               ("/usr/sbin/nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr",
                "-g", "daemon off;"),
               prepare=partial(write_nginx, fleet))


def write_prometheus(fleet):
    folder, source = fleet.folder / "prometheus", templates.DEPLOY / "monitoring"
    targets = {"ara": fleet.names("api"), "prometheus": ["prometheus"],
               "workers": fleet.names("worker") if fleet.has("worker") else []}
    for name in ("targets", "rules"):
        (folder / name).mkdir(exist_ok=True)
    for name, parts in targets.items():
        addresses = [f"{HOST}:{fleet.port(part)}" for part in parts]
        templates.put(folder / f"targets/{name}.yml", json.dumps([{"targets": addresses}]) + "\n")
    for rules in sorted(source.glob("rules/*.yml")):
        templates.put(folder / "rules" / rules.name, rules.read_text())
    templates.put(folder / "prometheus.yml", (source / "prometheus.yml").read_text())


def prometheus_rows(fleet):
    folder, port = fleet.folder / "prometheus", fleet.port("prometheus")
    yield Part("prometheus", "prometheus", partial(checks.answers, port, "/-/ready"),
               ("prometheus", "--config.file", str(folder / "prometheus.yml"),
                "--storage.tsdb.path", str(folder / "data"), "--storage.tsdb.retention.time", "1d",
                "--web.listen-address", f"{HOST}:{port}", "--log.level", "warn"),
               prepare=partial(write_prometheus, fleet))
