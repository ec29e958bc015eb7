"""The command line as a person or a script meets it: the built program, run."""

import contextlib
import datetime
import json
import math
import os
import pty
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

ARA = os.environ["ARA_BIN"]
SETTINGS = ("ARA_HOME POSTGRES_HOST POSTGRES_PORT POSTGRES_DB POSTGRES_USER POSTGRES_PASSWORD "
            "POSTGRES_CONNECTIONS POSTGRES_WAIT_MS POSTGRES_MAX_AGE_SECONDS FLEET_NODES "
            "FLEET_SERVERS ARA_ENV ARA_LOG_LEVEL SLOW_REQUEST_MS OTLP_ENDPOINT OTLP_SAMPLE_RATIO "
            "API_HOST API_PORT ALLOW_PUBLIC JWT_SECRET_KEY "
            "JWT_PREVIOUS_SECRET_KEYS JWT_EXPIRATION_HOURS TIERS RATE_LIMIT_ENABLED "
            "RATE_LIMIT_PER_MINUTE ENABLE_CORS CORS_ORIGINS TRUSTED_PROXIES API_WORKERS "
            "MAX_WORKERS CACHE_SIZE_MB CACHE_TTL_SECONDS CACHE_TTL_HISTORICAL_DATA_SECONDS "
            "CACHE_TTL_MODELS_SECONDS REDIS_HOST REDIS_PORT "
            "REDIS_PASSWORD REQUEST_DEADLINE_MS "
            "STREAM_CONNECTIONS STREAM_CONNECTIONS_PER_ACCOUNT WEBHOOK_ALLOW_HTTP "
            "WEBHOOK_ALLOW_PRIVATE JOB_WORKERS METRICS_PORT ENABLE_DOCS ENABLE_METRICS").split()


def write_bars(path, seed, days=700):
    """A random walk of daily closes, every day of the calendar."""
    walk = random.Random(seed)
    day, price = datetime.date(2020, 1, 1), 100.0
    with open(path, "w", encoding="ascii") as file:
        file.write("date,open,high,low,close,volume\n")
        for _ in range(days):
            before, price = price, price * math.exp(walk.gauss(0.0003, 0.02))
            high, low = max(before, price) * 1.001, min(before, price) * 0.999
            file.write(f"{day},{before:.4f},{high:.4f},{low:.4f},{price:.4f},1000\n")
            day += datetime.timedelta(days=1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Case(unittest.TestCase):
    """A folder to run in and a store of two symbols, made once for each class."""

    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.home = os.path.join(cls.folder, "home")
        for seed, symbol in enumerate(["BTC-USD", "ETH-USD"]):
            path = os.path.join(cls.folder, symbol + ".csv")
            write_bars(path, seed)
            done = cls.ara("import", path, "--asset-type", "crypto")
            assert done.returncode == 0, done.stdout + done.stderr

    def setUp(self):
        self.directory = self.enterContext(tempfile.TemporaryDirectory())

    @classmethod
    def environment(cls, extra):
        kept = {name: value for name, value in os.environ.items()
                if name not in SETTINGS and not re.match("POSTGRES_|REDIS_|JWT_|SSL_|TLS_", name)}
        return kept | {"ARA_HOME": cls.home} | extra

    @classmethod
    def ara(cls, *arguments, cwd=None, **extra):
        return subprocess.run([ARA, *arguments], capture_output=True, text=True, timeout=60,
                              cwd=cwd or cls.folder, env=cls.environment(extra), check=False)

    def good(self, *arguments, **keywords):
        done = self.ara(*arguments, **keywords)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def bad(self, status, *arguments, **keywords):
        done = self.ara(*arguments, **keywords)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertRegex(done.stderr, "^error: ")
        return done.stderr


class Help(Case):
    def test_help_and_version(self):
        text = self.good("--help")
        for word in ["import", "predict", "symbols", "serve", "config", "completion", "Examples"]:
            self.assertIn(word, text)
        self.assertEqual(self.good(), text)
        self.assertEqual(self.good("help"), text)
        self.assertRegex(self.good("--version"), r"^ara \d+\.\d+\.\d+\n$")
        self.assertEqual(self.good("help", "predict"), self.good("predict", "--help"))
        self.assertIn("ara predict AAPL -d 20 --plot", self.good("predict", "--help"))

    def test_exit_codes(self):
        text = self.good("help", "exit-codes")
        self.assertRegex(text, r"(?m)^ +0  Success")
        self.assertRegex(text, r"(?m)^ +2  ValidationError")
        self.assertRegex(text, r"(?m)^ +3  NotFound")

    def test_settings(self):
        text = self.good("help", "settings")
        for name in SETTINGS:
            self.assertIn(name, text)

    def test_what_is_unknown_suggests_the_nearest(self):
        self.assertIn("did you mean 'predict'?", self.bad(2, "predct", "BTC-USD"))
        self.assertIn("did you mean '--port'?", self.bad(2, "serve", "--prot", "1"))
        self.assertIn("did you mean '--days'?", self.bad(2, "predict", "BTC-USD", "--day=3"))
        self.assertIn("did you mean 'exit-codes'?", self.bad(2, "help", "exit-code"))
        self.assertIn("'again'", self.bad(2, "predict", "BTC-USD", "again"))
        self.assertIn("SYMBOL", self.bad(2, "predict"))

    def test_completion_sources_in_bash(self):
        script = self.good("completion", "bash")
        path = os.path.join(self.directory, "completion")
        with open(path, "w", encoding="utf8") as file:
            file.write(script)
        shell = (f"PATH={os.path.dirname(ARA)}:$PATH; source {path}; "
                 "COMP_WORDS=(ara predict B); COMP_CWORD=2; _ara; echo \"${COMPREPLY[@]}\"")
        done = subprocess.run(["bash", "--norc", "-c", shell], capture_output=True, text=True,
                              env=self.environment({}), check=True)
        self.assertEqual(done.stdout, "BTC-USD\n", done.stderr)


class Predict(Case):
    def test_table(self):
        text = self.good("predict", "BTC-USD", "-d", "3")
        self.assertNotIn("\x1b", text)
        lines = text.splitlines()
        self.assertRegex(lines[0], r"^BTC-USD · crypto · last close [\d.]+ on \w{3} 2021-11-30$")
        self.assertIn("90 % interval", lines[2])
        rows = [line for line in lines if re.match(r"\w{3} 2021-12-0\d", line)]
        self.assertEqual([row[4:14] for row in rows], ["2021-12-01", "2021-12-02", "2021-12-03"])

    def test_json_is_the_forecast_and_the_table_shows_it(self):
        text = self.good("predict", "btc-usd", "--json", "-d", "4")
        self.assertTrue(text.endswith("}\n"))
        body = json.loads(text)
        self.assertEqual(body["symbol"], "BTC-USD")
        self.assertEqual(len(body["predictions"]), 4)
        self.assertNotIn("request_id", body)
        table = self.good("predict", "BTC-USD", "-d", "4")
        for day in body["predictions"]:
            row = next(line for line in table.splitlines() if day["date"] in line)
            self.assertIn(f" {day['predicted_price']:.2f}  ", row)
            self.assertIn(f"{day['lower_bound']:.2f} – {day['upper_bound']:.2f}", row)
            self.assertIn(f"{100 * day['probability_of_rise']:.1f} %", row)
        self.assertEqual(text, self.good("predict", "BTC-USD", "--json", "-d", "4"))

    def test_plot_is_plain_where_it_is_piped(self):
        text = self.good("predict", "BTC-USD", "--plot", COLUMNS="72")
        self.assertNotIn("\x1b", text)
        for sign in ["┬", "░", "▓", "⣀", "2021-11-30"]:
            self.assertIn(sign, text)
        chart = text.split("\n\n")[1]
        self.assertLessEqual(max(map(len, chart.splitlines())), 72)

    def on_terminal(self, **extra):
        """What `predict --plot` writes to a terminal."""
        leader, follower = pty.openpty()
        with subprocess.Popen([ARA, "predict", "BTC-USD", "--plot"], stdout=follower,
                              env=self.environment({"TERM": "xterm-256color"} | extra)) as process:
            os.close(follower)
            out = b""
            with contextlib.suppress(OSError):
                while block := os.read(leader, 65536):
                    out += block
        os.close(leader)
        self.assertEqual(process.returncode, 0)
        return out.decode()

    def test_plot_is_coloured_on_a_terminal_unless_no_color(self):
        self.assertIn("\x1b[48;5;", self.on_terminal())
        self.assertNotIn("\x1b", self.on_terminal(NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_terminal(TERM="dumb"))

    def test_errors(self):
        self.assertIn("did you mean BTC-USD?", self.bad(3, "predict", "BTC-USF"))
        self.assertIn("an integer from 1 to 30", self.bad(2, "predict", "BTC-USD", "-d", "31"))
        self.assertIn("'x'", self.bad(2, "predict", "BTC-USD", "-d", "x"))
        self.assertIn("symbol", self.bad(2, "predict", "a b; drop table"))
        self.assertIn("analysis_level", self.bad(2, "predict", "BTC-USD", "-a", "deep"))
        self.assertIn("crypto", self.bad(2, "predict", "BTC-USD", "--asset-type", "stock"))
        self.assertIn("--plot", self.bad(2, "predict", "BTC-USD", "--json", "--plot"))

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([ARA, "predict", "BTC-USD", "--json"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False,
                                  env=self.environment({}))
        self.assertEqual(done.returncode, 8)
        self.assertIn("standard output", done.stderr)

    def test_a_home_that_cannot_be_made_is_an_error(self):
        self.assertIn("ARA_HOME", self.bad(8, "symbols", "--home", "/dev/null/x"))


class Symbols(Case):
    def test_symbols(self):
        rows = json.loads(self.good("symbols", "--json"))
        self.assertEqual([row["symbol"] for row in rows], ["BTC-USD", "ETH-USD"])
        self.assertEqual(rows[0] | {"revision": ""},
                         {"symbol": "BTC-USD", "asset_type": "crypto", "bars": 700,
                          "first": "2020-01-01", "last": "2021-11-30", "revision": ""})
        self.assertRegex(rows[0]["revision"], r"^1-[0-9a-f]{16}$")
        text = self.good("symbols")
        self.assertRegex(text, r"(?m)^ETH-USD  crypto   700  2020-01-01  2021-11-30  1-")
        self.assertEqual(self.good("symbols", "--names"), "BTC-USD\nETH-USD\n")
        empty = self.good("symbols", "--home", os.path.join(self.directory, "none"))
        self.assertIn("no symbols", empty)


class Config(Case):
    def shown(self, *arguments, **extra):
        text = self.good("config", "show", "--json", *arguments, cwd=self.directory, **extra)
        return json.loads(text)

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf8") as file:
            file.write(text)

    def test_every_source_is_named(self):
        self.write("ara.toml", "max_workers = 3\napi_port = 1\ncache_ttl_seconds = 1\n")
        self.write(".env", "API_PORT=2\nexport CACHE_TTL_SECONDS='2'\nENABLE_DOCS=no\n")
        settings = self.shown("--port", "4", "--enable-metrics=off", API_PORT="3",
                              CACHE_TTL_SECONDS="3", ENABLE_METRICS="1")
        self.assertEqual(list(settings), SETTINGS)
        place = {"place": "./ara.toml:1"}
        self.assertEqual(settings["MAX_WORKERS"], {"value": "3", "source": "ara.toml"} | place)
        self.assertEqual(settings["API_PORT"], {"value": "4", "source": "flag"})
        self.assertEqual(settings["CACHE_TTL_SECONDS"], {"value": "3", "source": "environment"})
        self.assertEqual(settings["ENABLE_DOCS"],
                         {"value": "no", "source": ".env", "place": "./.env:3"})
        self.assertEqual(settings["ENABLE_METRICS"], {"value": "off", "source": "flag"})
        self.assertEqual(settings["ARA_ENV"], {"value": "development", "source": "built-in"})
        table = self.good("config", "show", cwd=self.directory)
        self.assertRegex(table, r"(?m)^API_PORT +2 +\./\.env:1$")
        self.assertRegex(table, r"(?m)^ARA_ENV +development +built-in$")

    def test_names_of_other_versions_are_told(self):
        table = self.good("config", "show", ENABLE_GPU="true", REDIS_DB="1",
                          POSTGRES_PASSWORD="hunter2",
                          JWT_SECRET_KEY="hunter2hunter2hunter2hunter2hunter2")
        self.assertIn("not used by this version: ENABLE_GPU, REDIS_DB", table)
        self.assertNotIn("hunter2", table)

    def test_bad_settings_say_where(self):
        self.write("ara.toml", "api_port = 70000\n")
        error = self.bad(2, "config", "show", cwd=self.directory)
        self.assertIn("API_PORT: '70000' is not allowed; expected an integer from 1 to 65535 "
                      "(given in ./ara.toml:1)", error)
        self.assertIn("(given by the environment)",
                      self.bad(2, "serve", cwd=self.directory, API_PORT="x"))
        self.assertIn("(given by the flag --port)",
                      self.bad(2, "serve", "--api-port", "0", cwd=self.directory))
        self.write("ara.toml", "\napi_prot = 1\n")
        error = self.bad(2, "symbols", cwd=self.directory)
        self.assertIn("./ara.toml:2: there is no setting 'api_prot'; did you mean 'api_port'?",
                      error)
        self.write("ara.toml", "")
        self.write(".env", "A=1\nhunter2 hunter2\n")
        error = self.bad(2, "symbols", cwd=self.directory)
        self.assertIn("./.env:2", error)
        self.assertNotIn("hunter2", error)

    def test_completion_and_help_work_whatever_the_settings(self):
        self.write("ara.toml", "broken")
        self.good("completion", "fish", cwd=self.directory)
        self.good("help", "exit-codes", cwd=self.directory)

    def test_init_writes_once(self):
        self.good("config", "init", cwd=self.directory)
        path = os.path.join(self.directory, "ara.toml")
        with open(path, encoding="utf8") as file:
            text = file.read()
        self.assertIn("\n# api_port = 8000\n", text)
        self.assertEqual(self.shown()["API_PORT"]["source"], "built-in")
        with open(path, "a", encoding="utf8") as file:
            file.write("api_port = 1\n")
        self.assertIn("already", self.bad(5, "config", "init", cwd=self.directory))
        self.assertEqual(self.shown()["API_PORT"]["value"], "1")


class Serve(Case):
    @contextlib.contextmanager
    def server(self, *arguments, **extra):
        """A server that has said it is ready: the process, its port and its first two lines."""
        port = free_port()
        with subprocess.Popen([ARA, "serve", "--port", str(port), *arguments], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=self.environment(extra), cwd=self.directory) as process:
            try:
                lines = process.stdout.readline() + process.stdout.readline()
                self.assertTrue(lines, process.poll() and process.stderr.read())
                yield process, port, lines
            finally:
                process.kill()

    def test_says_where_it_serves_and_stops_on_sigterm(self):
        for stop in [signal.SIGTERM, signal.SIGINT]:
            with self.server() as (process, port, lines):
                self.assertRegex(
                    lines, rf"^Serving 2 symbols on http://127\.0\.0\.1:{port} "
                           rf"\(ready in \d+ ms\)\nTry: curl 'http://127\.0\.0\.1:{port}"
                           r"/api/v1/predict/BTC-USD\?days=7'\n$")
                url = re.search("'(.*)'", lines).group(1)
                with urllib.request.urlopen(url, timeout=10) as answer:
                    body = answer.read().decode()
                self.assertEqual(body + "\n", self.good("predict", "BTC-USD", "-d", "7", "--json"))
                started = time.monotonic()
                process.send_signal(stop)
                self.assertEqual(process.wait(15), 0, process.stderr.read())
                self.assertLess(time.monotonic() - started, 11)

    def test_an_empty_store_says_what_to_do(self):
        with self.server("--home", os.path.join(self.directory, "none")) as (_, _, lines):
            self.assertRegex(lines, r"^Serving 0 symbols on .*\n.*ara import")

    def test_a_port_in_use(self):
        with self.server() as (_, port, _):
            error = self.bad(8, "serve", "--port", str(port))
            self.assertIn(str(port), error)
            self.assertIn("in use", error)

    def test_addresses_that_others_reach_need_a_word(self):
        error = self.bad(2, "serve", "--host", "0.0.0.0")
        self.assertIn("JWT_SECRET_KEY", error)
        self.assertIn("ALLOW_PUBLIC=true", error)
        with self.server("--allow-public", API_HOST="0.0.0.0") as (_, port, lines):
            self.assertIn(f"http://127.0.0.1:{port} ", lines)

    def test_tls_is_refused(self):
        self.assertIn("proxy", self.bad(4, "serve", SSL_CERT="/x.pem"))
        self.assertIn("API_SSL_KEY", self.bad(4, "serve", API_SSL_KEY="/x.pem"))

    def test_settings_without_effect_are_named_once(self):
        with self.server(ENABLE_GPU="true", REDIS_DB="1",
                         POSTGRES_PASSWORD="hunter2") as (process, _, _):
            process.terminate()
            process.wait(15)
            said = process.stderr.read()
        self.assertEqual(said.count("warning: this version does not use ENABLE_GPU, "
                                    "REDIS_DB\n"), 1, said)
        self.assertNotIn("hunter2", said)

    def test_doctor_looks_at_it(self):
        rules = self.good("doctor", "--rules")
        for name in ("index-missing", "pool-too-small", "replica-stalled", "cache-too-small",
                     "memory-leak"):
            self.assertRegex(rules, f"(?m)^{name} ")
        with self.server() as (_, port, _):
            said = json.loads(self.ara("doctor", "--seconds", "1", "--json",
                                       API_PORT=str(port)).stdout)
            self.assertEqual(said["nodes"][0]["url"], f"http://127.0.0.1:{port}")
            self.assertEqual(said["store"], "sqlite")
            # This machine's memory may well be full.
            self.assertLessEqual({one["name"] for one in said["findings"]}, {"memory-high"})
            text = self.ara("doctor", "--seconds", "1", "--url", f"localhost:{port}").stdout
            self.assertRegex(text, "(?m)^(Nothing is wrong|1 finding)\\.$")
        done = self.ara("doctor", "--seconds", "1", "--json", API_PORT=str(port))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual([finding["name"] for finding in json.loads(done.stdout)["findings"]],
                         ["node-unreachable"])
        self.assertIn("seconds", self.bad(2, "doctor", "--seconds", "0"))
        self.assertIn("url", self.bad(2, "doctor", "--url", "ftp://localhost"))
        self.assertRegex(self.good("help", "exit-codes"), r"(?m)^ +1  Findings")

    def test_a_store_that_is_none(self):
        home = os.path.join(self.directory, "broken")
        os.mkdir(home)
        with open(os.path.join(home, "ara.db"), "w", encoding="ascii") as file:
            file.write("this is no database" * 100)
        self.assertIn("ara.db", self.bad(8, "serve", "--home", home))


if __name__ == "__main__":
    unittest.main()
