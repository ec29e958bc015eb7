"""Jobs and models over HTTP: started, watched, cancelled, deployed and retired."""

import json
import subprocess
import time
import unittest

from http_server import ARA, HttpCase, Server, make_csv
from http_test import conforms
from pathlib import Path

TRAIN = {"symbol": "LONG1", "data_period": "6m", "model_types": ["drift", "garch_fhs"],
         "horizon": 5}


class JobsApiTest(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for number, symbol in enumerate(["LONG1", "LONG2"]):
            csv = Path(cls.server.folder.name) / f"{symbol}.csv"
            make_csv(csv, bars=700, seed=10 + number)
            cls.server.run("import", "--symbol", symbol, "--asset-type", "stock", str(csv))
        cls.document = cls.server.get("/openapi.json").json()

    def call(self, method, path, body=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.server.request(method, path, json.dumps(body) if body is not None else None,
                                   headers)

    def good(self, status, answer, schema):
        self.assertEqual(answer.status, status, answer.body)
        components = self.document["components"]["schemas"]
        conforms(answer.json(), components[schema], components)
        return answer.json()

    def ended(self, path):
        give_up = time.monotonic() + 60
        progress = 0
        while True:
            job = self.good(200, self.call("GET", path), "Job")
            self.assertGreaterEqual(job["progress"], progress)
            progress = job["progress"]
            if job["status"] not in ("queued", "running"):
                return job
            self.assertLess(time.monotonic(), give_up, job)
            time.sleep(0.05)

    def test_backtest(self):
        plan = {"symbol": "long1", "start_date": "2021-06-01", "end_date": "2021-12-31"}
        answer = self.call("POST", "/api/v1/backtest", plan, Idempotency_Key="bt-1")
        started = self.good(202, answer, "JobAccepted")
        self.assertEqual(started["symbol"], "LONG1")
        self.assertEqual(answer.headers["Location"], f"/api/v1/jobs/{started['job_id']}")
        job = self.ended(f"/api/v1/backtest/{started['job_id']}")
        self.assertEqual((job["status"], job["progress"], job["error"]), ("completed", 1, None))
        result = job["result"]
        for name in ("total_predictions accuracy precision recall f1_score directional_accuracy mae "
                     "rmse mape sharpe_ratio sortino_ratio max_drawdown win_rate profit_factor "
                     "final_capital total_return").split():
            self.assertIsInstance(result[name], (int, float, type(None)), name)
        self.assertEqual(result["total_predictions"], len(result["days"]))
        self.assertAlmostEqual(result["final_capital"], 10000 * (1 + result["total_return"]), 4)
        self.assertTrue(result["assumptions"])
        again = self.call("POST", "/api/v1/backtest", plan, Idempotency_Key="bt-1").json()
        self.assertEqual(again["job_id"], started["job_id"])
        self.assertEqual(again["status"], "completed")
        self.assert_problem(self.call("POST", "/api/v1/backtest", dict(plan, symbol="LONG2"),
                                      Idempotency_Key="bt-1"), 422, "Idempotency-Key")
        self.assert_problem(self.call("GET", f"/api/v1/models/train/{started['job_id']}"), 404)

    def test_a_wrong_backtest_names_the_field(self):
        plan = {"symbol": "LONG1", "start_date": "2021-06-01", "end_date": "2021-12-31"}
        for status, field, value in ((404, "symbol", "NONE"), (422, "start_date", "2021-02-30"),
                                     (422, "end_date", "2021-05-31"), (422, "strategy", "hope"),
                                     (422, "initial_capital", 0), (422, "walk_forward_window", 5),
                                     (422, "retraining_frequency", 0), (422, "cost_bps", -1)):
            answer = self.call("POST", "/api/v1/backtest", dict(plan, **{field: value}))
            self.assert_problem(answer, status, field)

    def test_train_deploy_and_retire(self):
        started = self.good(202, self.call("POST", "/api/v1/models/train", TRAIN), "JobAccepted")
        job = self.ended(f"/api/v1/models/train/{started['job_id']}")
        self.assertEqual(job["status"], "completed", job)
        self.assertEqual(self.call("GET", f"/api/v1/models/jobs/{started['job_id']}").json(), job)
        training, = job["result"]["trainings"]
        self.assertEqual(len(training["models"]), 2)
        status = self.good(200, self.call("GET", "/api/v1/models/status?symbol=long1"), "Models")
        self.assertEqual({model["model_id"] for model in status["models"]},
                         {model["id"] for model in training["models"]})
        self.assertEqual(status["total_count"], 2)
        comparison = self.good(200, self.call("GET", "/api/v1/models/compare?symbol=LONG1"),
                               "ModelComparison")
        champion = training["champion"]
        self.assertEqual(status["active_count"], 1 if champion else 0)
        if champion:
            self.assertEqual(comparison["best_model"], champion)
            deployed = self.call("POST", "/api/v1/models/deploy", {"model_id": champion})
            self.assertEqual(self.good(200, deployed, "ModelChanged")["status"], "champion")
            retired = self.call("DELETE", f"/api/v1/models/{champion}")
            self.assertEqual(self.good(200, retired, "ModelChanged")["status"], "retired")
            self.assert_problem(self.call("POST", "/api/v1/models/deploy", {"model_id": champion}),
                                409)
        accuracy = self.call("GET", "/api/v1/models/compare?symbol=LONG1&metric=accuracy").json()
        self.assertIsNone(accuracy["best_model"])
        self.assert_problem(self.call("POST", "/api/v1/models/deploy", {"model_id": "x"}), 404,
                            "model_id")
        self.assert_problem(self.call("DELETE", "/api/v1/models/x"), 404, "model_id")

    def test_a_wrong_training_names_the_field(self):
        for status, field, value in ((404, "symbol", "NONE"), (422, "data_period", "2 years"),
                                     (422, "model_types", ["oracle"]), (422, "horizon", 31),
                                     (422, "force_retrain", "yes")):
            answer = self.call("POST", "/api/v1/models/train", dict(TRAIN, **{field: value}))
            self.assert_problem(answer, status, field)

    def test_list_and_cancel(self):
        started = self.call("POST", "/api/v1/models/train",
                            {"symbol": "LONG1", "data_period": "10y"}).json()
        path = f"/api/v1/jobs/{started['job_id']}"
        job = self.good(200, self.call("DELETE", path), "Job")
        self.assertEqual(job["status"], "cancelled")
        self.assertEqual(self.call("DELETE", path).json()["status"], "cancelled")
        time.sleep(0.5)  # in which a worker that had it would write
        self.assertEqual(self.call("GET", path).json()["status"], "cancelled")
        page = self.good(200, self.call("GET", "/api/v1/jobs?status=cancelled&kind=train"), "Jobs")
        self.assertIn(started["job_id"], [job["job_id"] for job in page["jobs"]])
        self.assertEqual(page["total"], len(page["jobs"]))
        none = self.call("GET", "/api/v1/jobs?page=9999").json()
        self.assertEqual(none["jobs"], [])
        self.assert_problem(self.call("GET", "/api/v1/jobs?page_size=101"), 422, "page_size")
        self.assert_problem(self.call("GET", "/api/v1/jobs/job_0"), 404, "job_id")
        self.assert_problem(self.call("DELETE", "/api/v1/jobs/job_0"), 404, "job_id")

    def test_new_bars_are_followed_by_their_forecasts(self):
        bars = {"symbol": "LONG2", "bars": [{"date": "2022-10-03", "close": 101.5}]}
        answer = self.call("POST", "/api/v1/bars", bars)
        self.assertEqual(answer.status, 200, answer.body)
        give_up = time.monotonic() + 30
        while self.server.metric('ara_jobs_total{kind="refresh",outcome="done"}') < 1:
            self.assertLess(time.monotonic(), give_up, "no refresh was done")
            time.sleep(0.05)
        # It is the system's, so nobody's list shows it.
        page = self.call("GET", "/api/v1/jobs?kind=refresh").json()
        self.assertEqual(page["total"], 0)


class WithoutWorkersTest(unittest.TestCase):
    def test_jobs_wait_for_a_worker(self):
        server = Server(JOB_WORKERS="0")
        self.addCleanup(server.stop)
        added = json.loads(server.run("jobs", "add", "batch", '{"symbols": ["AAPL"]}', "--json"))
        time.sleep(0.5)
        path = f"/api/v1/jobs/{added['job_id']}"
        self.assertEqual(server.get(path).json()["status"], "queued")
        with subprocess.Popen([ARA, "worker"], env=server.env, stdout=subprocess.PIPE,
                              text=True) as worker:
            shown = json.loads(server.run("jobs", "show", added["job_id"], "--wait", "--json"))
            worker.terminate()
            self.assertIn("Working on 1 thread;", worker.communicate(timeout=30)[0])
        self.assertEqual(worker.returncode, 0)
        self.assertEqual(shown["state"], "done")
        prediction, = server.get(path).json()["result"]["predictions"]
        self.assertEqual(prediction["symbol"], "AAPL")


if __name__ == "__main__":
    unittest.main()
