"""Each alert fires when it should and not before, with its real durations: promtool plays the
histories of alert_cases.py to the rules of deploy/monitoring."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

import yaml
from alert_cases import CASES, GONE, Never

RULES = Path(__file__).resolve().parents[2] / "deploy/monitoring/rules"
HOUR = 60


def groups():
    """All groups of rules, recordings before alerts."""
    return [group for name in ("recording.yml", "slo.yml", "alerts.yml")
            for group in yaml.safe_load((RULES / name).read_text())["groups"]]


def alerts():
    """The alerts by name, as the rules have them."""
    return {rule["alert"]: rule for group in groups() for rule in group["rules"] if "alert" in rule}


def needed(alert):
    """The groups with the alert and the recordings that it is made of, and nothing else: playing all
    rules to every history takes minutes."""
    text, kept, before = alerts()[alert]["expr"], set(), None
    while kept != before:
        before = set(kept)
        for rule in (rule for group in groups() for rule in group["rules"] if "record" in rule):
            if re.search(rf"(?<![\w:]){rule['record']}(?![\w:])", text):
                kept.add(rule["record"])
                text += "\n" + rule["expr"]
    found = [group | {"rules": [rule for rule in group["rules"]
                                if rule.get("record") in kept or rule.get("alert") == alert]}
             for group in groups()]
    return [group for group in found if group["rules"]]


def samples(minutes, step):
    return int(minutes * 60 / step)


def gauge(parts, step):
    """promtool's notation for a value that is held for so many minutes, then another."""
    words = []
    for value, minutes in parts:
        count = samples(minutes, step)
        words.append(f"stale _x{count - 1}" if value is GONE else f"{value}x{count - 1}")
    return " ".join(words)


def counter(parts, step):
    total, words = 0.0, []
    for rate, minutes in parts:
        count = samples(minutes, step)
        words.append(f"{total:.6f}+{rate * step:.6f}x{count - 1}")
        total += rate * step * count
    return " ".join(words)


def inputs(case, parts_of):
    """Input series, of each the parts (value, minutes) that `parts_of` makes of its values."""
    return [{"series": series, "values": written(parts_of(values), case.step)}
            for family, written in ((case.gauges, gauge), (case.counters, counter))
            for series, values in family.items()]


def firing(case, minutes, severity, fires):
    """The question whether the alert fires at a moment, and the answer."""
    labels = ",".join(filter(None, [f'alertname="{case.alert}"', 'alertstate="firing"', case.labels]))
    return {"expr": f"group by (severity) (ALERTS{{{labels}}})", "eval_time": f"{int(minutes * 60)}s",
            "exp_samples": [{"labels": f'{{severity="{severity}"}}', "value": 1}] if fires else []}


def tests_of(case, severity):
    """The histories of a case: one that ends ill, and one that stays near."""
    if isinstance(case, Never):
        series = inputs(case, lambda value: [(value[0] if isinstance(value, tuple) else value, HOUR)])
        yield series, [firing(case, at, severity, False) for at in (20, 40, HOUR - 1)]
        return
    ill = case.fires_by + 5
    series = inputs(case, lambda values: [(values[0], case.well), (values[1], ill)])
    yield series, [firing(case, case.well - 1, severity, False),
                   firing(case, case.well + case.quiet_until, severity, False),
                   firing(case, case.well + case.fires_by, severity, True)]
    whole = case.well + ill
    series = inputs(case, lambda values: [(values[2], whole)])
    yield series, [firing(case, at, severity, False) for at in (case.well, case.well + case.fires_by, whole - 1)]


def written(path, case, tests):
    """A file of tests for promtool, and the rules that it plays to."""
    rules = path.with_suffix(".rules")
    rules.write_text(yaml.safe_dump({"groups": needed(case.alert)}, width=1000))
    path.write_text(yaml.safe_dump({
        "rule_files": [str(rules)], "evaluation_interval": f"{case.step}s", "tests": tests,
        "group_eval_order": [group["name"] for group in needed(case.alert)]}, width=1000))
    return path


class AlertsTest(unittest.TestCase):
    maxDiff = None

    def test_each_alert_has_a_case(self):
        fires = {case.alert for case in CASES if not isinstance(case, Never)}
        self.assertEqual(set(alerts()), fires)

    def test_they_fire_when_they_should(self):
        known = alerts()
        with tempfile.TemporaryDirectory(prefix="ara-alerts-") as folder:
            paths = []
            for case in CASES:
                histories = tests_of(case, known[case.alert]["labels"]["severity"])
                paths.append(written(Path(folder) / f"{len(paths)}-{case.alert}.yml", case, [
                    {"name": f"{case.alert} {case.labels} {'near' if number else 'ill'}",
                     "interval": f"{case.step}s", "input_series": series, "promql_expr_test": questions}
                    for number, (series, questions) in enumerate(histories)]))
            done = subprocess.run(["promtool", "test", "rules", *paths], capture_output=True, text=True,
                                  timeout=600)
        self.assertEqual(0, done.returncode, done.stdout[-8000:] + done.stderr[-8000:])
        self.assertEqual(len(CASES), done.stdout.count("SUCCESS"))

    def test_a_wrong_expectation_is_seen(self):
        """The check itself can fail."""
        case = next(case for case in CASES if case.alert == "APIDown")
        series, _ = next(tests_of(case, "page"))
        with tempfile.TemporaryDirectory(prefix="ara-alerts-") as folder:
            path = written(Path(folder) / "wrong.yml", case, [{
                "interval": "15s", "input_series": series,
                "promql_expr_test": [firing(case, case.well - 1, "page", True)]}])
            done = subprocess.run(["promtool", "test", "rules", path], capture_output=True, text=True)
        self.assertNotEqual(0, done.returncode)


if __name__ == "__main__":
    unittest.main()
