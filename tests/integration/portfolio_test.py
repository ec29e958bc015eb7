"""Portfolio and market resources of a real server: every documented field, and what is refused."""

import json
import math
import unittest

from http_server import HttpCase

ASSETS = ["AAPL", "MSFT", "^GSPC"]
REGIME_FEATURES = {"volatility", "vol_regime", "atr_pct", "ret_20d", "adx", "dist_from_high"}


class PortfolioCase(HttpCase):
    def send(self, path, body):
        return self.server.request("POST", "/api/v1/portfolio/" + path, json.dumps(body),
                                   {"Content-Type": "application/json"})

    def answer(self, path, body, fields):
        answer = self.send(path, body)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        value = answer.json()
        self.assertLessEqual(set(fields) | {"timestamp", "request_id"}, set(value))
        self.assertEqual(value["request_id"], answer.headers["X-Request-ID"])
        return value

    def refused(self, path, body, field, status=422):
        return self.assert_problem(self.send(path, body), status, field)


class Optimize(PortfolioCase):
    FIELDS = ["assets", "optimal_weights", "expected_return", "expected_volatility",
              "sharpe_ratio", "var_95", "cvar_95", "optimization_method"]

    def optimize(self, **body):
        return self.answer("optimize", {"assets": ASSETS} | body, self.FIELDS)

    def no(self, field, status=422, **body):
        return self.refused("optimize", {"assets": ASSETS} | body, field, status)

    def test_each_method_gives_weights_that_sum_to_one(self):
        for method in ("mpt", "black_litterman", "risk_parity", "kelly"):
            for tolerance in ("conservative", "moderate", "aggressive"):
                value = self.optimize(optimization_method=method, risk_tolerance=tolerance)
                weights = value["optimal_weights"]
                self.assertEqual(list(weights), ASSETS)
                self.assertAlmostEqual(sum(weights.values()), 1, 8)
                self.assertGreaterEqual(min(weights.values()), 0)
                self.assertEqual(value["optimization_method"], method)
                self.assertEqual(value["risk_tolerance"], tolerance)
                self.assertGreater(value["expected_volatility"], 0)
                self.assertGreaterEqual(value["cvar_95"], value["var_95"])
                self.assertAlmostEqual(value["sharpe_ratio"],
                                       value["expected_return"] / value["expected_volatility"], 6)

    def test_constraints_hold(self):
        value = self.optimize(
            sectors={"AAPL": "tech", "msft": "tech"},
            constraints={"min_weight": 0.1, "max_weight": 0.7, "max_concentration": 0.6,
                         "sector_limits": {"tech": 0.45}, "asset_class_limits": {"stock": 1}})
        weights = value["optimal_weights"]
        self.assertLessEqual(weights["AAPL"] + weights["MSFT"], 0.45 + 1e-9)
        self.assertGreaterEqual(min(weights.values()), 0.1 - 1e-9)
        self.assertLessEqual(max(weights.values()), 0.6 + 1e-9)

    def test_views_move_weights(self):
        for method in ("mpt", "black_litterman", "kelly"):
            low = self.optimize(optimization_method=method, expected_returns={"MSFT": -0.5})
            high = self.optimize(optimization_method=method, expected_returns={"msft": 0.5})
            self.assertLess(low["optimal_weights"]["MSFT"], high["optimal_weights"]["MSFT"])

    def test_market_weights_are_the_prior(self):
        value = self.optimize(optimization_method="black_litterman", risk_tolerance="aggressive",
                              market_weights={"AAPL": 0.8, "MSFT": 0.1, "^GSPC": 0.1})
        self.assertAlmostEqual(value["optimal_weights"]["AAPL"], 0.8, delta=0.06)

    def test_contradictions_are_named(self):
        problem = self.no("constraints.max_weight", constraints={"max_weight": 0.3})
        self.assertIn("the weights sum to 1; max_weight at most 0.3 (AAPL, MSFT, ^GSPC)",
                      problem["message"])
        problem = self.no("constraints.min_weight", sectors={"AAPL": "tech", "MSFT": "tech"},
                          constraints={"min_weight": 0.2, "sector_limits": {"tech": 0.3}})
        self.assertIn("sector_limits.tech at most 0.3", problem["message"])
        self.assertNotIn("GSPC", problem["message"])

    def test_what_is_wrong_is_named(self):
        self.no("assets", assets=["AAPL"])
        self.no("assets", assets=["AAPL", "aapl"])
        self.no("assets[1]", assets=["AAPL", "not a symbol"])
        self.no("assets", 404, assets=["AAPL", "NOPE"])
        self.no("risk_tolerance", risk_tolerance="brave")
        self.no("optimization_method", optimization_method="luck")
        self.no("period", period="yes")
        self.no("period", period="2w")
        self.no("constraints.min_weight", constraints={"min_weight": -3})
        self.no("constraints.sector_limits.tech", constraints={"sector_limits": {"tech": 0.5}})
        self.no("constraints.sector_limits.tech", sectors={"AAPL": "tech"},
                constraints={"sector_limits": {"tech": -1}})
        self.no("sectors.TSLA", sectors={"TSLA": "cars"})
        self.no("constraints.asset_class_limits.bonds",
                constraints={"asset_class_limits": {"bonds": 0.5}})
        self.no("expected_returns.TSLA", expected_returns={"TSLA": 0.1})
        self.no("expected_returns.AAPL", expected_returns={"AAPL": 99})
        self.no("market_weights", market_weights={"AAPL": 0.4})

    def test_original_names_are_taken(self):
        value = self.answer("optimize", {"symbols": ASSETS[:2], "method": "kelly"}, self.FIELDS)
        self.assertEqual(value["optimization_method"], "kelly")


class Analyze(PortfolioCase):
    FIELDS = ["assets", "weights", "expected_return", "volatility", "sharpe_ratio",
              "sortino_ratio", "max_drawdown", "var_95", "cvar_95", "correlation_matrix",
              "risk_contribution"]

    def test_every_field(self):
        body = {"assets": ASSETS, "weights": {"AAPL": 0.5, "msft": 0.3, "^GSPC": 0.2}}
        value = self.answer("analyze", body, self.FIELDS)
        self.assertAlmostEqual(sum(value["risk_contribution"].values()), 1, 8)
        self.assertEqual(value["correlation_matrix"]["AAPL"]["AAPL"], 1)
        self.assertEqual(value["correlation_matrix"]["AAPL"]["MSFT"],
                         value["correlation_matrix"]["MSFT"]["AAPL"])
        self.assertTrue(0 < value["max_drawdown"] < 1)
        self.assertGreater(value["period"]["sessions"], 240)
        shorter = self.answer("analyze", body | {"period": "6m"}, self.FIELDS)
        self.assertTrue(120 < shorter["period"]["sessions"] < 135, shorter["period"])

    def test_what_is_wrong_is_named(self):
        def no(field, **body):
            self.refused("analyze", {"assets": ["AAPL", "MSFT"]} | body, field)
        no("weights")
        no("weights", weights={"AAPL": 0.5, "MSFT": 0.3})
        no("weights.MSFT", weights={"AAPL": 1})
        no("weights.TSLA", weights={"AAPL": 0.5, "TSLA": 0.5})
        no("weights.AAPL", weights={"AAPL": 7, "MSFT": -6})
        no("period", weights={"AAPL": 0.5, "MSFT": 0.5}, period="51y")


class Rebalance(PortfolioCase):
    BODY = {"current_weights": {"AAPL": 0.7, "MSFT": 0.3},
            "target_weights": {"AAPL": 0.5, "MSFT": 0.3, "^GSPC": 0.2},
            "current_prices": {"AAPL": 200, "MSFT": 400, "^GSPC": 5000},
            "portfolio_value": 100000}

    def test_every_field(self):
        value = self.answer("rebalance", self.BODY,
                            ["trades", "total_transaction_cost", "estimated_slippage"])
        self.assertEqual([(t["symbol"], t["action"]) for t in value["trades"]],
                         [("AAPL", "SELL"), ("^GSPC", "BUY")])
        sale = value["trades"][0]
        self.assertEqual(set(sale), {"symbol", "action", "quantity", "current_price",
                                     "target_weight", "current_weight", "value"})
        self.assertAlmostEqual(sale["quantity"], 100)
        self.assertAlmostEqual(sale["value"], 20000)
        self.assertAlmostEqual(value["total_transaction_cost"], 40)
        self.assertAlmostEqual(value["estimated_slippage"], 20)

    def test_what_is_wrong_is_named(self):
        def no(field, **body):
            self.refused("rebalance", self.BODY | body, field)
        no("current_prices.^GSPC", current_prices={"AAPL": 200, "MSFT": 400})
        no("current_prices.AAPL", current_prices={"AAPL": 0, "MSFT": 400, "^GSPC": 1})
        no("target_weights", target_weights={"AAPL": 0.9, "MSFT": 0.3})
        no("portfolio_value", portfolio_value=-1)
        no("current_weights.", current_weights={"": 1})


class Market(HttpCase):
    def get(self, path, fields):
        answer = self.server.get("/api/v1/market/" + path)
        self.assertEqual(answer.status, 200, answer.body)
        value = answer.json()
        self.assertLessEqual(set(fields), set(value))
        return value

    def test_regime(self):
        value = self.get("regime?symbol=aapl",
                         ["current_regime", "confidence", "transition_probabilities",
                          "duration_in_regime", "expected_duration", "regime_features"])
        self.assertEqual(value["symbol"], "AAPL")
        self.assertIn("volatility", value["current_regime"])
        self.assertAlmostEqual(sum(value["transition_probabilities"].values()), 1, 6)
        self.assertAlmostEqual(sum(value["regime_probabilities"].values()), 1, 6)
        self.assertAlmostEqual(value["regime_probabilities"][value["current_regime"]],
                               value["confidence"], 9)
        self.assertEqual(set(value["regime_features"]), REGIME_FEATURES)
        forecast = self.server.get("/api/v1/predict/AAPL").json()["regime"]
        self.assertEqual(forecast["current_regime"], value["current_regime"])
        self.assertEqual(forecast["confidence"], value["confidence"])

    def test_indicators(self):
        value = self.get("indicators?symbol=AAPL",
                         ["indicators", "trend_indicators", "momentum_indicators",
                          "volatility_indicators", "volume_indicators"])
        self.assertEqual(len(value["indicators"]), 44)
        listed = {}
        for group in ("trend", "momentum", "volatility", "volume"):
            for item in value[group + "_indicators"]:
                self.assertEqual(set(item), {"name", "value", "signal", "description"})
                self.assertEqual(item["value"], value["indicators"][item["name"]])
                listed[item["name"]] = item
        self.assertTrue(0 <= listed["rsi"]["value"] <= 100)
        rsi = listed["rsi"]["value"]
        expected = "bullish" if rsi < 30 else "bearish" if rsi > 70 else "neutral"
        self.assertEqual(listed["rsi"]["signal"], expected)
        self.assertTrue(math.isfinite(listed["adx"]["value"]))

    def test_correlations(self):
        value = self.get("correlations?assets=AAPL,msft,%5EGSPC&period=1y",
                         ["assets", "correlation_matrix", "correlation_pairs",
                          "high_correlations", "low_correlations"])
        self.assertEqual(value["assets"], ASSETS)
        self.assertEqual(len(value["correlation_pairs"]), 3)
        for pair in value["correlation_pairs"]:
            self.assertEqual(set(pair), {"asset1", "asset2", "correlation", "rolling_correlation",
                                         "correlation_breakdown"})
            self.assertEqual(pair["correlation"],
                             value["correlation_matrix"][pair["asset1"]][pair["asset2"]])
        self.assertEqual(value["high_correlations"], [])

    def test_what_is_wrong_is_named(self):
        def no(path, field, status=422):
            self.assert_problem(self.server.get("/api/v1/market/" + path), status, field)
        no("regime", "symbol")
        no("regime?symbol=NOPE", "symbol", 404)
        no("indicators?symbol=NOPE", "symbol", 404)
        no("indicators?symbol=a%20b", "symbol")
        no("correlations?assets=AAPL", "assets")
        no("correlations?assets=AAPL,NOPE", "assets", 404)
        no("correlations?assets=AAPL,MSFT&period=x", "period")


if __name__ == "__main__":
    unittest.main()
