"""Who is up and who leads: looked up, and as a picture."""

from . import checks, processes
from .supervise import healthy

UP, SICK, DOWN = "up", "sick", "down"
MARKS = {UP: "●", SICK: "◐", DOWN: "○"}


def ask(question, *words):
    """The answer, or None of who does not give one."""
    try:
        return question(*words)
    except (*checks.FAILURES, KeyError):
        return None


def look(fleet):
    rows = fleet.rows()
    found = {"folder": str(fleet.folder), "up": bool(rows), "parts": {}}
    for part in rows:
        if not part.runs:
            continue
        known = fleet.state["processes"].get(part.name)
        runs = processes.alive(known)
        found["parts"][part.name] = {
            "group": part.group, "state": DOWN if not runs else UP if healthy(part) else SICK,
            "pid": known[0] if runs else None}
    if fleet.has("postgres"):
        found["shards"] = {shard: look_at_shard(fleet, shard) for shard in fleet.shards}
    if fleet.has("redis"):
        found["redis"] = look_at_redis(fleet)
    if fleet.has("etcd"):
        found["etcd_leader"] = next((name for name in fleet.names("etcd")
                                     if ask(checks.etcd_leads, fleet.port(name))), None)
    found["urls"] = urls(fleet)
    return found


def look_at_shard(fleet, shard):
    """A row for each member; one that Patroni does not tell of has the role None."""
    told = {row["name"]: row for row in fleet.shard(shard)}
    members = []
    for name in fleet.members(shard):
        row = told.get(name, {})
        members.append({
            "name": name, "role": row.get("role"), "state": row.get("state"),
            "timeline": row.get("timeline"), "lag_bytes": row.get("lag"),
            "postgres": fleet.port(f"{name}/postgres"), "pgbouncer": fleet.port(f"{name}/pgbouncer")})
    return members


def look_at_redis(fleet):
    password, ports = fleet.state.secret("redis"), {fleet.port(n): n for n in fleet.names("redis")}
    for port in ports:
        info, rows = (ask(question, port, password)
                      for question in (checks.redis_cluster, checks.redis_nodes))
        if info and rows:
            break
    else:
        return {"state": "down", "slots": 0, "nodes": []}
    by_id = {row["id"]: ports.get(row["port"]) for row in rows}
    nodes = [{"name": by_id[row["id"]], "port": row["port"], "slots": row["slots"],
              "role": "master" if "master" in row["flags"] else "replica",
              "of": by_id.get(row["of"]), "failed": "fail" in row["flags"]} for row in rows]
    return {"state": info["cluster_state"], "slots": int(info["cluster_slots_ok"]),
            "nodes": sorted(nodes, key=lambda node: node["port"])}


def urls(fleet):
    found = {}
    if fleet.has("nginx"):
        found["fleet"] = f"https://localhost:{fleet.port('nginx')}"
        found["certificate"] = str(fleet.folder / "nginx" / "certificate.pem")
    if fleet.has("api"):
        found |= {name: f"http://localhost:{fleet.port(name)}" for name in fleet.names("api")}
    if fleet.has("prometheus"):
        found["prometheus"] = f"http://localhost:{fleet.port('prometheus')}"
    return found


def picture(found):
    """The lines of a picture of what look() found."""
    if not found["up"]:
        return [f"No fleet is up in {found['folder']}"]
    parts = found["parts"]
    lines = [f"Fleet in {found['folder']}   {MARKS[UP]} up  {MARKS[SICK]} not healthy  {MARKS[DOWN]} down"]
    for group in ("nginx", "api", "worker"):
        lines += line_of(group, parts)
    for shard, members in found.get("shards", {}).items():
        first = "   the catalog" if shard == min(found["shards"]) else ""
        lines += ["", f"shard {shard}{first}", *(member_line(member, parts) for member in members)]
    if redis := found.get("redis"):
        lines += ["", f"redis cluster {redis['state']}, {redis['slots']} of 16384 slots served"]
        lines += redis_lines(redis["nodes"], parts)
    lines += [""] + line_of("etcd", parts, found.get("etcd_leader"))
    lines += line_of("prometheus", parts)
    lines += [""] + [f"{name:<12}{url}" for name, url in found["urls"].items()
                     if not name.startswith("api-")]
    return lines


def mark(name, parts):
    return MARKS[parts[name]["state"]] if name in parts else " "


def line_of(group, parts, leader=None):
    names = [name for name, part in parts.items() if part["group"] == group]
    said = "   ".join(f"{mark(name, parts)} {name}{' leads' if name == leader else ''}" for name in names)
    return [f"{group:<12}{said}"] if names else []


def member_line(member, parts):
    name = member["name"]
    role = {"leader": "primary", "sync_standby": "synchronous standby"}.get(
        member["role"], member["role"] or "unknown")
    lag = "" if member["lag_bytes"] is None else f"   lag {member['lag_bytes']} B"
    return (f"  {mark(f'{name}/patroni', parts)} {name}   {mark(f'{name}/pgbouncer', parts)} pgbouncer "
            f":{member['pgbouncer']}   {role:<20} {member['state'] or '':<10}"
            f" timeline {member['timeline'] or '-'}{lag}").rstrip()


def redis_lines(nodes, parts):
    for master in (node for node in nodes if node["role"] == "master" and not node["failed"]):
        replicas = [node["name"] for node in nodes if node["of"] == master["name"] and not node["failed"]]
        said = ", ".join(f"{mark(name, parts)} {name}" for name in replicas) or "no replica"
        yield (f"  {mark(master['name'], parts)} {master['name']} master of "
               f"{' '.join(master['slots']) or 'nothing'} ← {said}")
    for node in nodes:
        if node["failed"]:
            yield f"  {mark(node['name'], parts)} {node['name']} has failed"
