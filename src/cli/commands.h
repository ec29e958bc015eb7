#pragma once

#include <functional>
#include <string_view>

#include "cli/command.h"

/// What the rows of commands.cpp name, one file a command; `import` has a header of its own.
namespace ara::cli {

std::function<int()> enrol_predict(CLI::App& app, Context& context);     // predict.cpp
std::function<int()> enrol_evaluate(CLI::App& app, Context& context);    // evaluate.cpp
std::function<int()> enrol_train(CLI::App& app, Context& context);       // train.cpp
std::function<int()> enrol_models(CLI::App& app, Context& context);      // models.cpp
std::function<int()> enrol_portfolio(CLI::App& app, Context& context);   // portfolio.cpp
std::function<int()> enrol_market(CLI::App& app, Context& context);      // market.cpp
std::function<int()> enrol_backtest(CLI::App& app, Context& context);    // backtest.cpp
std::function<int()> enrol_symbols(CLI::App& app, Context& context);     // symbols.cpp
std::function<int()> enrol_jobs(CLI::App& app, Context& context);        // jobs.cpp
std::function<int()> enrol_worker(CLI::App& app, Context& context);      // worker.cpp
std::function<int()> enrol_serve(CLI::App& app, Context& context);       // serve.cpp
std::function<int()> enrol_admin(CLI::App& app, Context& context);       // admin.cpp
std::function<int()> enrol_doctor(CLI::App& app, Context& context);      // doctor.cpp
std::function<int()> enrol_db(CLI::App& app, Context& context);          // db.cpp
std::function<int()> enrol_backup(CLI::App& app, Context& context);      // backup.cpp
std::function<int()> enrol_restore(CLI::App& app, Context& context);     // restore.cpp
std::function<int()> enrol_monitoring(CLI::App& app, Context& context);  // monitoring.cpp
std::function<int()> enrol_config(CLI::App& app, Context& context);      // settings.cpp
std::function<int()> enrol_completion(CLI::App& app, Context& context);  // completion.cpp
std::function<int()> enrol_help(CLI::App& app, Context& context);        // help.cpp

}  // namespace ara::cli
