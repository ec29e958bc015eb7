"""Training, and models that are promoted while a server runs."""

import json
import signal
import subprocess
import threading
import time
import unittest
from pathlib import Path

from http_server import ARA, Server, make_csv

TRAIN = ("train", "--asset-type", "stock", "--horizon", "5", "--symbols", "2", "--origins", "120",
         "--model", "drift,garch_fhs", "--json")
SEEN_WITHIN = 1.0


class ModelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        for number, symbol in enumerate(["LONG1", "LONG2", "LONG3"]):
            csv = Path(cls.server.folder.name) / f"{symbol}.csv"
            make_csv(csv, bars=700, seed=10 + number)
            cls.ara("import", "--symbol", symbol, "--asset-type", "stock", str(csv))
        cls.trained = json.loads(cls.ara(*TRAIN))["trainings"][0]

    @classmethod
    def ara(cls, *arguments):
        return cls.server.run(*arguments)

    def refused(self, status, *arguments):
        done = subprocess.run([ARA, *arguments], env=self.server.env, cwd=self.server.folder.name,
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertRegex(done.stderr, "^error: ")
        return done.stderr

    def served(self, symbol="LONG1", days=5):
        answer = self.server.request("GET", f"/api/v1/predict/{symbol}?days={days}")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["model_version"]

    def wait_until_served(self, digits):
        start = time.monotonic()
        while not self.served().endswith(digits):
            self.assertLess(time.monotonic() - start, 10, f"{digits} never came to serve")
            time.sleep(0.02)
        return time.monotonic() - start

    def test_training_twice_gives_one_hash(self):
        again = json.loads(self.ara(*TRAIN))["trainings"][0]
        self.assertEqual([m["hash"] for m in again["models"]],
                         [m["hash"] for m in self.trained["models"]])
        self.assertEqual(again["market_revision"], self.trained["market_revision"])
        other = json.loads(self.ara(*TRAIN, "--seed", "2"))["trainings"][0]
        self.assertFalse({m["hash"] for m in other["models"]} &
                         {m["hash"] for m in self.trained["models"]})

    def test_versions_say_what_made_them(self):
        model = self.trained["models"][0]
        page = self.ara("models", "show", model["id"])
        for word in (model["id"], model["hash"], "ara train --asset-type stock", "coverage_90",
                     "2020-01-02"):
            self.assertIn(word, page)
        shown = json.loads(self.ara("models", "show", model["id"][:-4], "--json"))
        self.assertEqual(shown["scores"], model["scores"])
        self.assertEqual(shown["symbols"], 5)
        listed = json.loads(self.ara("models", "list", "--json", "--limit", "1"))
        self.assertEqual(len(listed["models"]), 1)
        self.assertTrue(listed["more"])
        first, second = (m["id"] for m in self.trained["models"])
        self.assertIn("CRPS / historical", self.ara("models", "compare", first, second))

    def test_a_running_server_sees_a_promotion_within_a_second(self):
        candidates = [m["id"] for m in self.trained["models"] if m["status"] != "refused"]
        for model in candidates:
            before = self.served(days=6)
            self.ara("models", "promote", model)
            self.assertLess(self.wait_until_served(model.rsplit("-", 1)[1]), SEEN_WITHIN)
            self.assertEqual(self.served(days=6), before)

    def test_promoting_fails_no_request(self):
        ids = [m["id"] for m in self.trained["models"] if m["status"] != "refused"]
        self.assertTrue(ids, self.trained)
        stop, statuses = threading.Event(), []

        def ask():
            while not stop.is_set():
                for symbol in ("LONG1", "LONG2", "LONG3", "AAPL"):
                    statuses.append(self.server.request("GET", f"/api/v1/predict/{symbol}").status)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(6):
            self.ara("models", "promote", ids[number % len(ids)])
            time.sleep(0.3)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertGreater(len(statuses), 50)
        self.assertEqual(set(statuses), {200})

    def test_what_is_retired_serves_no_more(self):
        trained = json.loads(self.ara(*TRAIN[:4], "10", *TRAIN[5:]))["trainings"][0]
        champion = trained["champion"]
        self.assertIn("no longer serves", self.ara("models", "retire", champion, "--reason", "test"))
        self.assertIn("retired: test", self.refused(5, "models", "promote", champion))
        self.assertEqual(json.loads(self.ara("models", "list", "--status", "retired", "--json"))
                         ["models"][0]["reason"], "test")

    def test_errors_say_what_is_allowed(self):
        self.assertIn("no model 'nothing-such'", self.refused(3, "models", "show", "nothing-such"))
        self.assertIn("expected one of 1-5", self.refused(2, "models", "list", "--band", "2"))
        self.assertIn("candidate, champion", self.refused(2, "models", "list", "--status", "good"))
        self.assertIn("expected one of stock", self.refused(2, "train", "--asset-type", "bonds"))
        self.assertIn("from 1 to 30", self.refused(2, "train", "--horizon", "31"))
        self.assertIn("garch_fhs", self.refused(2, "train", "--model", "magic"))
        self.assertIn("no crypto", self.refused(3, "train", "--asset-type", "crypto"))


class TreesTest(unittest.TestCase):
    """The global model: trained on the store's bars, judged, served, and missed when it is gone."""

    TRAIN = (*TRAIN[:-2], "gbm,combination", "--json")

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        for number, symbol in enumerate(["LONG1", "LONG2", "LONG3"]):
            csv = Path(cls.server.folder.name) / f"{symbol}.csv"
            make_csv(csv, bars=700, seed=10 + number)
            cls.server.run("import", "--symbol", symbol, "--asset-type", "stock", str(csv))
        cls.trained = cls.train()

    @classmethod
    def train(cls):
        return json.loads(cls.server.run(*cls.TRAIN))["trainings"][0]

    def model(self, name, trees=True):
        return next(m for m in self.trained["models"]
                    if m["model"] == name and bool(m["artefact"]) == trees)

    def artefact(self):
        return Path(self.server.env["ARA_HOME"], "models", "trees", self.model("gbm")["artefact"])

    def predict(self):
        answer = self.server.request("GET", "/api/v1/predict/LONG1?days=5")
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def wait_until_served(self, digits):
        start = time.monotonic()
        while not self.predict()["model_version"].endswith(digits):
            self.assertLess(time.monotonic() - start, 10, f"{digits} never came to serve")
            time.sleep(0.02)

    def restart(self):
        """Stops the server, keeping its folder, and starts it again; what it had logged."""
        self.server.process.send_signal(signal.SIGTERM)
        _, errors = self.server.process.communicate(timeout=30)
        self.server.start()
        return errors

    def test_candidates_with_trees_pass_the_same_gate(self):
        self.assertEqual(sorted((m["model"], bool(m["artefact"])) for m in self.trained["models"]),
                         [("combination", False), ("combination", True), ("gbm", True)])
        self.assertRegex(self.trained["notes"][0], "learned from bars up to 20")
        for model in self.trained["models"]:
            self.assertTrue(model["checks"])
            self.assertEqual(model["status"] == "refused", bool(model["reason"]))
        self.assertTrue(self.artefact().is_file())
        self.assertIn(self.model("gbm")["artefact"],
                      self.server.run("models", "show", self.model("gbm")["id"]))

    def test_training_twice_gives_one_hash(self):
        again = self.train()
        self.assertEqual({m["hash"] for m in again["models"]},
                         {m["hash"] for m in self.trained["models"]})

    def test_a_champion_with_trees_answers_and_explains(self):
        gbm = self.model("gbm")
        self.assertNotEqual(gbm["status"], "refused", gbm["reason"])
        self.server.run("models", "promote", gbm["id"])
        self.wait_until_served(gbm["id"].rsplit("-", 1)[1])
        answer = self.predict()
        self.assertTrue(answer["model_version"].startswith("gbm-"), answer["model_version"])
        self.assertIn("moves the next session's median", json.dumps(answer["explanations"]))
        self.check_that_missing_trees_are_said(gbm)

    def check_that_missing_trees_are_said(self, gbm):
        whole = self.artefact().read_bytes()
        self.artefact().write_bytes(whole[:-1] + b" ")
        self.restart()
        self.assertTrue(self.predict()["model_version"].startswith("combination-"))
        self.artefact().unlink()
        damaged = self.restart()
        self.assertRegex(damaged, f"A champion cannot serve.*{gbm['id']}.*damaged or changed")
        self.artefact().write_bytes(whole)
        self.assertRegex(self.restart(), "A champion cannot serve.*No such file")
        self.wait_until_served(gbm["id"].rsplit("-", 1)[1])
        self.assertNotIn("champion", self.restart())

    def test_without_xgboost_it_says_so_and_goes_on(self):
        folder = Path(self.server.folder.name, "libraries")
        folder.mkdir(exist_ok=True)
        (folder / "libxgboost.so.0").touch()
        env = dict(self.server.env, LD_LIBRARY_PATH=str(folder))
        done = subprocess.run([ARA, *TRAIN[:-2], "gbm,drift"], env=env, capture_output=True,
                              text=True, timeout=60, check=True, cwd=self.server.folder.name)
        self.assertRegex(done.stdout, "No global trees were trained: training needs XGBoost")
        self.assertIn("drift-", done.stdout)


if __name__ == "__main__":
    unittest.main()
