"""Whether a part answers, asked the way its clients ask. A check returns false or raises OSError,
ValueError or HTTPException where it does not."""

import http.client
import json
import socket
import ssl

HOST = "127.0.0.1"
TIMEOUT = 2
FAILURES = (OSError, ValueError, http.client.HTTPException)


def fetch(port, path, method="GET", body=None, certificate=None, headers=None, timeout=TIMEOUT):
    """(status, body) of an HTTP answer; over TLS where a certificate to trust is named."""
    if certificate:
        context = ssl.create_default_context(cafile=str(certificate))
        connection = http.client.HTTPSConnection(HOST, port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request(method, path, body=body, headers=headers or {})
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
    """One primary, from which all others stream, on one timeline, and a commit waits for one of
    them. Patroni's list may be a loop old, so the primary itself is asked too."""
    members = shard_members(ports)
    leaders = [member for member in members if member["role"] == "leader"]
    if len(members) != len(ports) or len(leaders) != 1 or (
            len({member.get("timeline") for member in members}) != 1):
        return False
    primary = json.loads(fetch(port_of(leaders[0]), "/patroni")[1])
    replicas = primary.get("replication", [])
    waited_for = {row["application_name"] for row in replicas if row["sync_state"] == "sync"}
    promised = {member["name"] for member in members if member["role"] == "sync_standby"}
    return (primary["state"] == "running" and primary["role"] == "primary"
            and [row["state"] for row in replicas].count("streaming") == len(ports) - 1
            and waited_for == promised and bool(promised) == (len(ports) > 1))


def port_of(member):
    return int(member["api_url"].split(":")[2].split("/")[0])


def ask_redis(port, password, *words):
    """One command and its answer, as text: as much of a Redis client as a few questions take."""
    with socket.create_connection((HOST, port), TIMEOUT) as connection:
        with connection.makefile("rb") as stream:
            for command in (("AUTH", password), words):
                coded = [str(word).encode() for word in command]
                connection.sendall(b"*%d\r\n" % len(coded) + b"".join(
                    b"$%d\r\n%s\r\n" % (len(word), word) for word in coded))
                answer = redis_answer(stream)
            return answer


def redis_answer(stream):
    line = stream.readline()
    if line[:1] == b"$":
        size = int(line[1:])
        return stream.read(size + 2)[:-2].decode() if size >= 0 else None
    if line[:1] not in (b"+", b":"):
        raise ValueError(f"redis: {line.decode().strip() or 'the connection was closed'}")
    return line[1:].decode().strip()


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
