# The other side of bench/models.py: the same lines as bench_models, from R's forecast package.
suppressMessages(suppressWarnings(library(forecast)))
arguments <- commandArgs(trailingOnly = TRUE)
series <- lapply(strsplit(readLines(arguments[1]), ","), function(cells)
  list(id = cells[1], h = as.integer(cells[3]),
       x = ts(as.numeric(cells[-(1:3)]), frequency = as.integer(cells[2]))))
peers <- list(
  naive = function(x, h) naive(x, h),
  ets = function(x, h) forecast(ets(x), h),
  auto.arima = function(x, h) forecast(auto.arima(x), h),
  thetaf = function(x, h) thetaf(x, h))
options(warn = -1)
for (name in arguments[-1]) {
  peer <- peers[[name]]
  seconds <- 0
  for (one in series) {
    before <- proc.time()
    answer <- peer(one$x, one$h)
    seconds <- seconds + sum((proc.time() - before)[1:2])
    cat("forecast", name, one$id, paste(sprintf("%.17g", answer$mean), collapse = ","), sep = ",")
    cat("\n")
  }
  cat(sprintf("seconds,%s,%.3f\n", name, seconds))
}
