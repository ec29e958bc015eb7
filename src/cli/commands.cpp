#include "cli/commands.h"

#include <array>

#include "cli/import.h"

namespace ara::cli {
namespace {

constexpr std::array kCommands{
    CommandRow{"import", "Read bars from CSV files, folders or standard input into the store",
               "  ara import AAPL.csv                  the symbol is the file's name\n"
               "  ara import prices/ --dry-run         check a folder, store nothing\n"
               "  zcat btc.csv.gz | ara import - --symbol BTC-USD --asset-type crypto\n",
               Needs::shared_settings, enrol_import},
    CommandRow{"predict", "Forecast a symbol: a table, a fan chart or JSON",
               "  ara predict AAPL                     the next five sessions\n"
               "  ara predict AAPL -d 20 --plot        a fan chart of the next twenty\n"
               "  ara predict AAPL --json              what GET /api/v1/predict/AAPL answers\n",
               Needs::shared_settings, enrol_predict},
    CommandRow{"symbols", "List the symbols in the store",
               "  ara symbols\n"
               "  ara symbols --json\n",
               Needs::shared_settings, enrol_symbols},
    CommandRow{"evaluate", "Score models on series of a competition or, rolling, on bars",
               "  ara evaluate series TRAIN.csv TEST.csv --season 24\n"
               "  ara evaluate bars prices/ --horizon 10 --last 1500\n"
               "  ara evaluate bars SPY.csv --model all --plot calibration.svg\n",
               Needs::shared_settings, enrol_evaluate},
    CommandRow{"train", "Judge models on the store's bars and promote the best",
               "  ara train                            every asset type and horizon\n"
               "  ara train --asset-type stock --horizon 5 --model garch_fhs,combination\n",
               Needs::shared_settings, enrol_train},
    CommandRow{"models", "List, show, compare, promote and retire models",
               "  ara models list --status champion\n"
               "  ara models show garch_fhs-0f3a\n"
               "  ara models promote garch_fhs-0f3a\n",
               Needs::shared_settings, enrol_models},
    CommandRow{"portfolio", "Optimize, analyze and rebalance portfolios",
               "  ara portfolio optimize AAPL MSFT JNJ --max-weight 0.5\n"
               "  ara portfolio analyze AAPL=0.6 MSFT=0.4 --period 1y\n"
               "  ara portfolio rebalance --current AAPL=1 --target AAPL=0.5 MSFT=0.5 \\\n"
               "      --price AAPL=190 MSFT=410 --value 100000\n",
               Needs::shared_settings, enrol_portfolio},
    CommandRow{"market", "Regimes, indicators and correlations",
               "  ara market regime AAPL\n"
               "  ara market indicators AAPL\n"
               "  ara market correlations AAPL MSFT JNJ --period 1y\n",
               Needs::shared_settings, enrol_market},
    CommandRow{"backtest", "Trade a symbol's past on forecasts that could not know it",
               "  ara backtest AAPL --period 2y --strategy volatility_target\n"
               "  ara backtest BTC-USD -s 2023-01-01 -e 2023-12-31 --model garch_fhs --json\n",
               Needs::shared_settings, enrol_backtest},
    CommandRow{"jobs", "List, show, cancel and add jobs",
               "  ara jobs list --state running\n"
               "  ara jobs show job_0123456789abcdef0123456789abcdef --wait\n"
               "  ara jobs add batch '{\"symbols\": [\"AAPL\"], \"days\": 30}'\n",
               Needs::shared_settings, enrol_jobs},
    CommandRow{"worker", "Run jobs until Ctrl-C or SIGTERM",
               "  ara worker\n"
               "  ara worker --threads 4 --metrics-port 8001\n",
               Needs::all_settings, enrol_worker},
    CommandRow{"serve", "Serve forecasts over HTTP until Ctrl-C or SIGTERM",
               "  ara serve\n"
               "  ara serve --port 8001 --max-workers 4\n",
               Needs::all_settings, enrol_serve},
    CommandRow{"admin", "Make and change accounts, and see who changed what",
               "  ara admin create-user ada@example.com --role admin\n"
               "  ara admin set-tier ada@example.com pro\n"
               "  ara admin audit\n",
               Needs::shared_settings, enrol_admin},
    CommandRow{"doctor", "Look at running servers and their store: what is wrong, and what to do",
               "  ara doctor                           the server and the store of these settings\n"
               "  ara doctor --url http://api-1:8000,http://api-2:8000 --seconds 60\n"
               "  ara doctor --rules                   all that it can find\n",
               Needs::all_settings, enrol_doctor},
    CommandRow{"db", "Show the shards of a fleet's database, add and remove some",
               "  ara db shards\n"
               "  ara db reshard --add b --hosts db-b-1:5432,db-b-2:5432,db-b-3:5432\n"
               "  ara db reshard --remove b\n",
               Needs::shared_settings, enrol_db},
    CommandRow{"backup", "Copy the whole store, as of one instant, into a file",
               "  ara backup                           into backups/ of the home folder\n"
               "  ara backup before-upgrade.db\n",
               Needs::shared_settings, enrol_backup},
    CommandRow{"restore", "Make the store what it was when a backup was made",
               "  ara restore before-upgrade.db\n"
               "  ara restore before-upgrade.db --force  where the store holds rows\n",
               Needs::shared_settings, enrol_restore},
    CommandRow{"monitoring", "Set up what watches a fleet: rules, alerts, dashboards",
               "  ara monitoring setup                 into monitoring/\n"
               "  ara monitoring setup --targets api-1:8000,api-2:8000 \\\n"
               "      --page-webhook https://pager.example.com/ara\n",
               Needs::nothing, enrol_monitoring},
    CommandRow{"config", "Show the settings and where each came from, or write an ara.toml",
               "  ara config show\n"
               "  ara config init                      a commented ara.toml in this folder\n",
               Needs::all_settings, enrol_config},
    CommandRow{"completion", "Print a completion script for bash, zsh or fish",
               "  source <(ara completion bash)\n"
               "  ara completion fish > ~/.config/fish/completions/ara.fish\n",
               Needs::nothing, enrol_completion},
    CommandRow{"help", "Show the help of a command, the exit codes or the settings",
               "  ara help predict\n"
               "  ara help exit-codes\n"
               "  ara help settings\n",
               Needs::nothing, enrol_help},
};

}  // namespace

std::span<const CommandRow> commands() {
  return kCommands;
}

}  // namespace ara::cli
