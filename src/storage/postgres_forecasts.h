#pragma once

#include <span>
#include <vector>

#include "storage/postgres_store.h"

namespace ara::storage {

// What pg_forecast_of reads, from column 0.
#define ARA_PG_FORECAST \
  "id, symbol, revision, content, as_of, horizon, model_version, created, bytes"

Result<ForecastRow> pg_forecast_of(const PgRows& rows, int row);

std::vector<int> slots_of_forecasts(std::span<const ForecastRow> rows);

/// Within a transaction of the caller.
Result<void> write_forecasts(PgConnection& connection, std::span<const ForecastRow> rows);

}  // namespace ara::storage
