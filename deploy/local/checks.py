"""Whether a part answers, asked the way its clients ask. A check returns false or raises OSError,
ValueError or HTTPException where it does not."""

import http.client
import json
import socket
import ssl

HOST = "127.0.0.1"
TIMEOUT = 2
FAILURES = (OSError, ValueError, http.client.HTTPException)


def fetch(port, path, method="GET", body=None, certificate=None):
    """(status, body) of an HTTP answer; over TLS where a certificate to trust is named."""
    if certificate:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection(HOST, port, timeout=TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)
    try:
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def answers(port, path, **how):
    return fetch(port, path, **how)[0] == 200


def listens(port):
    with socket.create_connection((HOST, port), TIMEOUT):
        return True


def etcd_healthy(port):
    return json.loads(fetch(port, "/health")[1]).get("health") == "true"


def etcd_leads(port):
    status = json.loads(fetch(port, "/v3/maintenance/status", "POST", "{}")[1])
    return status["header"]["member_id"] == status["leader"]


def member_runs(port):
    """A PostgreSQL member that is primary, or follows one."""
    member = json.loads(fetch(port, "/patroni")[1])
    return member["state"] == "running" and (
        member["role"] == "primary" or member.get("replication_state") == "streaming")


def shard_members(ports):
    """What Patroni knows of a shard's members, from the first that answers; empty if none does."""
    for port in ports:
        try:
            return json.loads(fetch(port, "/cluster")[1])["members"]
        except (*FAILURES, KeyError):
            continue
    return []


def shard_ready(ports):
    """One primary, all others stream from it, and a commit waits for one of them."""
    members = shard_members(ports)
    roles = [member["role"] for member in members]
    return (len(members) == len(ports) and roles.count("leader") == 1
            and all(member["state"] in ("running", "streaming") for member in members)
            and (len(ports) == 1 or "sync_standby" in roles))


class Redis:
    """As much of a Redis client as a few questions take."""

    def __init__(self, port, password):
        self.connection = socket.create_connection((HOST, port), TIMEOUT)
        self.stream = self.connection.makefile("rb")
        self.ask("AUTH", password)

    def ask(self, *words):
        self.connection.sendall(b"*%d\r\n" % len(words) + b"".join(
            b"$%d\r\n%s\r\n" % (len(word), word) for word in (str(w).encode() for w in words)))
        line = self.stream.readline()
        if line[:1] == b"$":
            size = int(line[1:])
            return self.stream.read(size + 2)[:-2].decode() if size >= 0 else None
        if line[:1] not in (b"+", b":"):
            raise ValueError(f"redis: {line.decode().strip() or 'the connection was closed'}")
        return line[1:].decode().strip()

    def close(self):
        self.stream.close()
        self.connection.close()


def ask_redis(port, password, *words):
    client = Redis(port, password)
    try:
        return client.ask(*words)
    finally:
        client.close()


def redis_pongs(port, password):
    return ask_redis(port, password, "PING") == "PONG"


def redis_cluster(port, password):
    """CLUSTER INFO as a dictionary of texts."""
    text = ask_redis(port, password, "CLUSTER", "INFO")
    return dict(line.split(":", 1) for line in text.split("\r\n") if ":" in line)


def redis_nodes(port, password):
    """The rows of CLUSTER NODES: id, port, flags, the master's id, slots."""
    rows = []
    for line in ask_redis(port, password, "CLUSTER", "NODES").strip().split("\n"):
        fields = line.split()
        rows.append({"id": fields[0], "port": int(fields[1].split("@")[0].rsplit(":", 1)[1]),
                     "flags": fields[2].split(","), "of": fields[3], "slots": fields[8:]})
    return rows


def redis_whole(ports, password):
    """Every node says that all slots are served, and each master has its replicas connected."""
    for port in ports:
        info = redis_cluster(port, password)
        if info["cluster_state"] != "ok" or info["cluster_slots_ok"] != "16384" or (
                int(info["cluster_known_nodes"]) != len(ports)):
            return False
        role = ask_redis(port, password, "INFO", "replication")
        if "role:slave" in role and "master_link_status:up" not in role:
            return False
    return True
