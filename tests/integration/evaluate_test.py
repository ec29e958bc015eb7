"""`ara evaluate` on small inputs: what it prints, what it writes, and what it refuses."""

import contextlib
import gzip
import json
import math
import os
import pty
import random
import re
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as xml

ARA = os.environ["ARA_BIN"]
SCORES = ["smape", "mase", "owa", "msis", "acd", "coverage_80"]
PEERS = {"drift", "historical", "garch_fhs"}
LEVELS = {"50", "80", "90", "95"}


def write_bars(path, seed, days=560):
    walk = random.Random(seed)
    price = 100.0
    with open(path, "w", encoding="ascii") as file:
        file.write("date,open,high,low,close,volume\n")
        for i in range(days):
            before, price = price, price * math.exp(walk.gauss(0.0003, 0.02))
            high, low = max(before, price) * 1.001, min(before, price) * 0.999
            day = f"{2019 + i // 336}-{i % 336 // 28 + 1:02}-{i % 28 + 1:02}"
            file.write(f"{day},{before:.4f},{high:.4f},{low:.4f},{price:.4f},1000\n")


def write_series(folder, season=4, horizon=3):
    noise = random.Random(7)
    train, test = ["id,v1,v2"], ['"V1","V2"']
    for name in ("a", "b", "c"):
        values = [100 + 20 * math.sin(2 * math.pi * t / season) + noise.gauss(0, 3)
                  for t in range(40 + horizon)]
        train.append(name + "," + ",".join(f"{v:.3f}" for v in values[:40]))
        test.append(f'"{name}",' + ",".join(f'"{v:.3f}"' for v in values[40:]))
    paths = []
    for name, lines in (("train.csv", train), ("test.csv", test)):
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
    return paths


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.train, cls.test = write_series(cls.folder)
        cls.bars = os.path.join(cls.folder, "bars")
        os.mkdir(cls.bars)
        for seed, symbol in enumerate(["BTC-USD", "ETH-USD"]):
            write_bars(os.path.join(cls.bars, symbol + ".csv"), seed)

    @classmethod
    def ara(cls, *arguments):
        return subprocess.run([ARA, "evaluate", *arguments], capture_output=True, text=True,
                              timeout=120, cwd=cls.folder, check=False,
                              env=os.environ | {"ARA_HOME": os.path.join(cls.folder, "home")})

    def good(self, *arguments):
        done = self.ara(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def bad(self, status, *arguments):
        done = self.ara(*arguments)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "^error: ")
        return done.stderr

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def drop_times(self, body):
        if isinstance(body, dict):
            return {key: self.drop_times(value) for key, value in body.items()
                    if key not in ("seconds", "cpu_seconds")}
        return [self.drop_times(value) for value in body] if isinstance(body, list) else body


class Series(Case):
    def test_json(self):
        body = json.loads(self.good("series", self.train, self.test, "--season", "4",
                                    "--model", "drift,theta", "--json"))
        self.assertEqual(body["series"], 3)
        for name in SCORES + ["seconds", "cpu_seconds"]:
            self.assertIsInstance(body[name], (int, float), name)
        self.assertEqual(list(body["models"]), ["drift", "theta"])
        for name in SCORES:
            self.assertEqual(body[name], body["models"]["drift"][name])
        self.assertEqual(body["benchmarks"]["naive2"]["owa"], 1)
        # The pattern is clear, so who adjusts for it does better than who does not.
        self.assertLess(body["benchmarks"]["naive2"]["mase"], body["benchmarks"]["naive"]["mase"])
        owa = (body["smape"] / body["benchmarks"]["naive2"]["smape"]
               + body["mase"] / body["benchmarks"]["naive2"]["mase"]) / 2
        self.assertAlmostEqual(body["owa"], owa)

    def test_table_shows_the_same(self):
        body = json.loads(self.good("series", self.train, self.test, "--season", "4", "-m", "drift",
                                    "--json"))
        text = self.good("series", self.train, self.test, "--season", "4", "-m", "drift")
        row = next(line for line in text.splitlines() if line.startswith("drift"))
        for value in (body["smape"], body["mase"], body["owa"], body["msis"]):
            self.assertIn(f" {value:.3f}", row)

    def test_all_models_the_default_first(self):
        body = json.loads(self.good("series", self.train, self.test, "--season", "4",
                                    "--model", "all", "--json"))
        self.assertGreater(len(body["models"]), 4)
        for name, scores in body["models"].items():
            self.assertTrue("refused" in scores or scores["owa"] > 0, name)
        # 40 values are too few for a GARCH, and it says so.
        self.assertIn("at least 100 bars", body["models"]["garch_fhs"]["refused"])

    def test_threads_change_nothing(self):
        runs = [self.drop_times(json.loads(self.good(
            "series", self.train, self.test, "--season", "4", "--threads", threads, "--json")))
            for threads in ("1", "3")]
        self.assertEqual(*runs)

    def test_gzipped_and_without_a_season(self):
        packed = self.train + ".gz"
        with open(self.train, "rb") as plain, gzip.open(packed, "wb") as file:
            file.write(plain.read())
        body = json.loads(self.good("series", packed, self.test, "-m", "drift", "--json"))
        self.assertEqual(body["benchmarks"]["naive2"], body["benchmarks"]["naive"])

    def test_plot(self):
        path = os.path.join(self.folder, "series.svg")
        self.good("series", self.train, self.test, "--season", "4", "-m", "all", "--plot", path)
        words = " ".join(element.text or "" for element in xml.parse(path).iter())
        for word in ["OWA", "naive2", "drift", "80 and 95 %"]:
            self.assertIn(word, words)

    def test_errors(self):
        error = self.bad(2, "series", self.train, self.test, "--model", "thet")
        self.assertIn("'thet'", error)
        self.assertIn("theta", error)
        self.assertIn("or all", error)
        self.bad(3, "series", "nowhere.csv", self.test)
        self.assertIn("season", self.bad(2, "series", self.train, self.test, "--season", "0"))
        self.assertIn("threads", self.bad(2, "series", self.train, self.test, "--threads", "x"))
        ragged = self.write("ragged.csv", "a,1,2,3\nb,1,2\n")
        self.assertIn("2 values in series b", self.bad(2, "series", self.train, ragged))
        strange = self.write("strange.csv", "a,1,2\nzz,1,2\n")
        self.assertIn("'zz'", self.bad(2, "series", self.train, strange))
        broken = self.write("broken.csv", "a,1,oops,3\n")
        self.assertIn("value 2 of series a", self.bad(2, "series", broken, self.test))
        short = self.write("short.csv", "a,1,2\nb,1,2\nc,1,2\n")
        self.assertIn("Series a", self.bad(2, "series", short, self.test, "-m", "drift"))
        self.assertIn("more values than the season",
                      self.bad(2, "series", short, self.test, "--season", "4"))
        self.assertIn("Cannot write", self.bad(8, "series", self.train, self.test, "-m", "drift",
                                               "--plot", "/nowhere/x.svg"))


class Bars(Case):
    def test_json(self):
        body = json.loads(self.good("bars", self.bars, "--horizon", "3", "--last", "30",
                                    "--model", "drift", "--json"))
        self.assertEqual(body["symbols"], 2)
        self.assertEqual(body["origins"], 60)
        self.assertGreater(body["crps"], 0)
        self.assertEqual(set(body["crps_ratio"]), PEERS)
        self.assertEqual(body["crps_ratio"]["drift"], 1)  # the peer is this very model
        self.assertEqual(set(body["share_better"]), PEERS)
        self.assertEqual(set(body["coverage"]), LEVELS)
        self.assertEqual(set(body["share_symbols_covered_within_3_points"]), LEVELS)
        self.assertGreater(body["qlike_ratio"]["garch"], 0)
        self.assertEqual(body["direction"]["n"], 180)
        self.assertEqual(sum(year["origins"] for year in body["by_year"]), 60)
        self.assertEqual([row["symbol"] for row in body["by_symbol"]], ["BTC-USD", "ETH-USD"])
        mean = sum(row["crps_ratio"]["garch_fhs"] for row in body["by_symbol"]) / 2
        self.assertAlmostEqual(body["crps_ratio"]["garch_fhs"], mean)
        self.assertEqual([row["horizon"] for row in body["by_horizon"]], [1, 2, 3])
        self.assertIn("seconds", body)
        self.assertIn("cpu_seconds", body)

    def test_table(self):
        text = self.good("bars", self.bars, "--last", "20", "-m", "drift")
        self.assertRegex(text, r"(?m)^garch_fhs +[+-]\d+\.\d\d")
        self.assertRegex(text, r"(?m)^80 % +\d+\.\d %")
        self.assertIn("2 symbols, 40 origins, 1 to 5 sessions ahead", text)

    def test_threads_and_order_change_nothing(self):
        files = [os.path.join(self.bars, name) for name in sorted(os.listdir(self.bars))]
        runs = [self.drop_times(json.loads(self.good(
            "bars", *order, "--last", "15", "--threads", threads, "--json")))
            for order, threads in ((files, "1"), (files[::-1], "2"))]
        self.assertEqual(*runs)

    def test_later_bars_change_no_earlier_score(self):
        whole = os.path.join(self.bars, "BTC-USD.csv")
        with open(whole, encoding="ascii") as file:
            lines = file.read().splitlines()
        first = self.write("early.csv", "\n".join(lines[:-10]) + "\n")
        later = json.loads(self.good("bars", whole, "--horizon", "1", "--last", "40", "--json"))
        early = json.loads(self.good("bars", first, "--horizon", "1", "--last", "30", "--json"))
        # The thirty origins of the shorter file are the first thirty of the longer one's forty.
        tail = json.loads(self.good("bars", whole, "--horizon", "1", "--last", "10", "--json"))
        self.assertAlmostEqual(40 * later["crps"], 30 * early["crps"] + 10 * tail["crps"], places=12)

    def test_short_symbols_are_left_out_and_named(self):
        folder = os.path.join(self.folder, "mixed")
        os.mkdir(folder)
        write_bars(os.path.join(folder, "LONG.csv"), 3)
        write_bars(os.path.join(folder, "SHORT.csv"), 4, days=200)
        body = json.loads(self.good("bars", folder, "--last", "5", "-m", "drift", "--json"))
        self.assertEqual(body["skipped"], ["SHORT"])
        self.assertEqual(body["symbols"], 1)
        self.assertIn("at least 505 bars",
                      self.bad(2, "bars", os.path.join(folder, "SHORT.csv"), "--last", "5"))

    def test_plot(self):
        path = os.path.join(self.folder, "bars.svg")
        self.good("bars", self.bars, "--last", "20", "-m", "drift", "--plot", path)
        words = " ".join(element.text or "" for element in xml.parse(path).iter())
        for word in ["Calibration", "Reliability", "Skill by symbol", "Skill by year", "garch_fhs"]:
            self.assertIn(word, words)

    def test_errors(self):
        self.bad(3, "bars", "nowhere.csv")
        self.assertIn("an integer from 1 to 30", self.bad(2, "bars", self.bars, "--horizon", "31"))
        self.assertIn("last", self.bad(2, "bars", self.bars, "--last", "0"))
        self.assertIn("garch_fhs", self.bad(2, "bars", self.bars, "--model", "nothing"))
        file = os.path.join(self.bars, "BTC-USD.csv")
        self.assertIn("twice", self.bad(2, "bars", file, file))
        html = self.write("page.csv", "<html>no bars</html>\n")
        self.bad(2, "bars", html)
        self.assertIn("subcommand", self.bad(2))

    def test_progress_is_shown_on_a_terminal_and_goes_away(self):
        leader, follower = pty.openpty()
        with subprocess.Popen([ARA, "evaluate", "bars", self.bars, "--last", "5", "-m", "drift"],
                              stdout=subprocess.DEVNULL, stderr=follower) as process:
            os.close(follower)
            out = b""
            with contextlib.suppress(OSError):
                while block := os.read(leader, 65536):
                    out += block
        os.close(leader)
        self.assertEqual(process.returncode, 0)
        self.assertIn("2/2 symbols", out.decode())
        self.assertTrue(re.search(r"\r\x1b\[K$", out.decode()))


if __name__ == "__main__":
    unittest.main()
