"""`ara import` from outside: what lands, what is refused, what it says, and its exit status."""

import gzip
import json
import os
import sqlite3
import subprocess
import tempfile
import unittest
from contextlib import closing
from pathlib import Path

HEADER = "Date,Open,High,Low,Close,Volume\n"
SOUND = HEADER + ("2024-01-02,10,11,9,10.5,1200\n"
                  "2024-01-03,10.5,11,10,10.8,900\n"
                  "2024-01-04,10.8,11.2,10.6,11,1100\n")
BROKEN = SOUND + "2024-01-05,11,10,12,11,1000\n"  # high below low, row 5


class ImportTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ara-import-")
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)
        self.home = self.path / "home"

    def put(self, name, text):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    def ara(self, *arguments, status=0, text=None):
        done = subprocess.run([os.environ["ARA_BIN"], "import", *arguments], input=text, text=True,
                              capture_output=True, timeout=120, cwd=self.path,
                              env=os.environ | {"ARA_HOME": str(self.home)})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def report(self, *arguments, status=0, text=None):
        """The JSON of an import; its totals as a tuple."""
        report = json.loads(self.ara(*arguments, "--json", status=status, text=text).stdout)
        self.assertEqual(report["exit_status"], status)
        totals = report["totals"]
        return report, (totals["inserted"], totals["corrected"], totals["unchanged"])

    def bars(self, symbol):
        if not (self.home / "ara.db").exists():
            return None
        return self.query("SELECT count(*) FROM bars JOIN symbols ON symbol_id = id "
                          "WHERE symbol = ?", symbol)[0][0]

    def query(self, sql, *values):
        with closing(sqlite3.connect(self.home / "ara.db")) as store:
            return store.execute(sql, values).fetchall()

    def test_importing_again_changes_nothing(self):
        path = self.put("aapl.csv", SOUND)
        first, counts = self.report(path)
        self.assertEqual(counts, (3, 0, 0))
        again, counts = self.report(path)
        self.assertEqual(counts, (0, 0, 3))
        series = [report["files"][0]["series"][0] for report in (first, again)]
        self.assertEqual(series[0]["symbol"], "AAPL")
        self.assertEqual(series[0]["asset_type"], "stock")
        self.assertEqual(series[0]["revision"], series[1]["revision"])

    def test_corrected_bars_replace_and_are_counted(self):
        self.report(self.put("AAPL.csv", SOUND))
        more = SOUND.replace("10.8,900", "10.9,900") + "2024-01-05,11,12,10,11.5,1000\n"
        report, counts = self.report(self.put("AAPL.csv", more))
        self.assertEqual(counts, (1, 1, 2))
        self.assertTrue(report["files"][0]["series"][0]["revision"].startswith("2-"))
        closes = [row[0] for row in self.query("SELECT close FROM bars ORDER BY time")]
        self.assertEqual(closes, [10.5, 10.9, 11, 11.5])

    def test_a_refused_file_leaves_nothing(self):
        path = self.put("AAPL.csv", BROKEN)
        report, _ = self.report(path, status=2)
        file = report["files"][0]
        self.assertFalse(file["accepted"])
        self.assertEqual(file["refusal"], "1 error")
        self.assertEqual(file["counts"], {"range": 1})
        self.assertEqual((file["findings"][0]["kind"], file["findings"][0]["row"]), ("range", 5))
        self.assertEqual(self.bars("AAPL"), 0)

        said = self.ara(path, status=2).stdout
        self.assertIn("refused", said)
        self.assertIn("row 5: high 10 is below low 12", said)
        self.assertIn("--on-error skip", said)

    def test_a_refused_file_keeps_the_others_from_nothing(self):
        self.put("many/AAA.csv", SOUND)
        self.put("many/BBB.csv", BROKEN)
        self.put("many/deep/CCC.csv", SOUND)
        report, counts = self.report(str(self.path / "many"), status=2)
        self.assertEqual([Path(file["path"]).name for file in report["files"]],
                         ["AAA.csv", "BBB.csv", "CCC.csv"])
        self.assertEqual(counts, (6, 0, 0))
        self.assertEqual([self.bars(symbol) for symbol in ("AAA", "BBB", "CCC")], [3, 0, 3])

    def test_skip_leaves_the_bad_rows_out(self):
        report, counts = self.report(self.put("AAPL.csv", BROKEN), "--on-error", "skip")
        self.assertEqual(counts, (3, 0, 0))
        self.assertEqual(report["files"][0]["counts"], {"range": 1})

    def test_a_file_of_many_symbols_lands_whole_or_not_at_all(self):
        rows = SOUND.splitlines()
        both = [rows[0] + ",Name"] + [row + "," + name for name in ("AAA", "BBB") for row in rows[1:]]
        path = self.put("all.csv", "\n".join(both + ["2024-01-05,11,10,12,11,1000,BBB"]))
        self.report(path, status=2)
        self.assertEqual([self.bars(name) for name in ("AAA", "BBB")], [0, 0])
        _, counts = self.report(self.put("all.csv", "\n".join(both)))
        self.assertEqual(counts, (6, 0, 0))
        # One of its symbols contradicts what is stored: the other does not land either.
        more = "\n".join(both + ["2024-01-05,11,12,10,11,1000,AAA", "2024-01-05,11,12,10,11,1,CCC"])
        _, counts = self.report(self.put("all.csv", more), "--asset-type", "crypto", status=5)
        self.assertEqual(counts, (0, 0, 0))
        self.assertEqual([self.bars(name) for name in ("AAA", "BBB", "CCC")], [3, 3, 0])

    def test_packed_files_and_standard_input(self):
        _, counts = self.report(self.put("AAPL.csv.gz", gzip.compress(SOUND.encode())))
        self.assertEqual(counts, (3, 0, 0))
        _, counts = self.report("-", "--symbol", "aapl", text=SOUND)
        self.assertEqual(counts, (0, 0, 3))
        report, _ = self.report("-", text=SOUND, status=2)
        self.assertEqual(report["files"][0]["error"]["field"], "symbol")

    def test_a_dry_run_writes_nothing(self):
        path = self.put("AAPL.csv", SOUND)
        self.assertIn("nothing was written", self.ara(path, "--dry-run").stdout)
        self.assertIsNone(self.bars("AAPL"))
        report, counts = self.report(path, "--dry-run")
        self.assertTrue(report["dry_run"] and report["files"][0]["accepted"])
        self.assertEqual(counts, (0, 0, 0))
        self.report(self.put("AAPL.csv", BROKEN), "--dry-run", status=2)

    def test_exit_statuses(self):
        path = self.put("AAPL.csv", SOUND)
        report, _ = self.report(str(self.path / "none.csv"), status=3)
        self.assertEqual(report["error"]["error"], "NotFound")
        self.ara(path, "--asset-type", "bond", status=2)
        self.ara(path, "--symbol", "no symbol", status=2)
        self.ara(path, "--on-error", "ignore", status=2)
        self.ara(path, "--date-order", "dym", status=2)
        self.ara(path, path, "--symbol", "X", status=2)
        self.ara(str(self.path), "--symbol", "no symbol", status=2)
        self.ara(status=2)
        self.report(path)
        self.ara(path, "--asset-type", "index", status=5)
        self.report(path)  # without a type it is what it is known as
        self.ara(self.put("X.csv.gz", gzip.compress(SOUND.encode())[:-9]), status=8)

    def test_an_ambiguous_date_asks(self):
        rows = "Date,Close\n01/02/2020,5\n01/03/2020,6\n01/04/2020,7\n"
        path = self.put("AAPL.csv", rows)
        self.assertIn("--date-order dmy or mdy", self.ara(path, status=2).stdout)
        self.report(path, "--date-order", "dmy")
        last = self.query("SELECT date(max(time), 'unixepoch') FROM bars")
        self.assertEqual(last, [("2020-04-01",)])

    def test_json_is_json_whatever_the_file_holds(self):
        path = self.put(os.fsdecode(b"b\xffd.csv"), SOUND.encode() + b"\xff\xfe\"\\\x01\n")
        report, _ = self.report(path, "--symbol", "X", status=2)
        self.assertEqual(report["files"][0]["counts"]["malformed"], 1)

    def test_a_long_report_is_bounded(self):
        rows = "".join(f"{year}-01-04,5,4,6,5,1\n{year}-01-05,5,6,4,5,1\n" for year in range(1900, 2020))
        path = self.put("AAPL.csv", HEADER + rows)
        said = self.ara(path, "--on-error", "skip").stdout
        self.assertIn("range: and 117 more", said)
        self.assertLess(len(said.splitlines()), 20)


if __name__ == "__main__":
    unittest.main()
