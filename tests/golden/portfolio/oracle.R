# Makes returns.csv and oracle.csv, which tests/golden/portfolio_oracle_test.cpp reads: weights by
# means independent of ours (quadprog's solver, loops as the papers write their sums, a barrier
# method). Run once: Rscript oracle.R (R 4.5, quadprog 1.5-8).
library(quadprog)
set.seed(4)

# Returns of eight assets with a common factor and heavy tails, rounded so that the file is exact.
days <- 300; n <- 8; year <- 252
factor <- rt(days, 5) * 0.008
beta <- c(0.4, 0.7, 1.0, 1.3, 1.6, 0.2, -0.3, 0.9)
noise <- c(4, 6, 8, 10, 14, 5, 6, 9) / 1000
drift <- c(3, 4, 6, 5, 9, 2, 1, 7) / 10000
x <- sapply(1:n, function(i) drift[i] + beta[i] * factor + noise[i] * rt(days, 6))
x <- round(x, 6)
write.table(format(x, scientific = FALSE, trim = TRUE), "returns.csv", sep = ",", quote = FALSE,
            row.names = FALSE, col.names = FALSE)

# Ledoit and Wolf 2004, Honey, I shrunk the sample covariance matrix, appendix B, sum by sum.
y <- sweep(x, 2, colMeans(x))
s <- crossprod(y) / days
r <- cov2cor(s)
rbar <- (sum(r) - n) / (n * (n - 1))
f <- rbar * sqrt(outer(diag(s), diag(s))); diag(f) <- diag(s)
pi_hat <- 0; rho_hat <- 0
for (i in 1:n) for (j in 1:n) {
  pi_ij <- mean((y[, i] * y[, j] - s[i, j])^2)
  pi_hat <- pi_hat + pi_ij
  if (i == j) { rho_hat <- rho_hat + pi_ij; next }
  theta_ii <- mean((y[, i]^2 - s[i, i]) * (y[, i] * y[, j] - s[i, j]))
  theta_jj <- mean((y[, j]^2 - s[j, j]) * (y[, i] * y[, j] - s[i, j]))
  rho_hat <- rho_hat + rbar / 2 * (sqrt(s[j, j] / s[i, i]) * theta_ii +
                                   sqrt(s[i, i] / s[j, j]) * theta_jj)
}
shrinkage <- max(0, min(1, (pi_hat - rho_hat) / sum((f - s)^2) / days))
sigma <- (shrinkage * f + (1 - shrinkage) * s) * year
mu <- colMeans(x) * year

out <- data.frame(name = "shrinkage", asset = 0, value = shrinkage)
keep <- function(name, w) out <<- rbind(out, data.frame(name = name, asset = seq_along(w), value = w))
keep("covariance", as.vector(sigma))

# The three sets of constraints: columns of A and b0 with A'w >= b0, the first an equality.
box <- function(lo, hi) list(A = cbind(1, diag(n), -diag(n)), b = c(1, rep(lo, n), rep(-hi, n)))
sets <- list(long = box(0, 1), capped = box(0, 0.25), short = box(-0.2, 0.5))
sets$capped$A <- cbind(sets$capped$A, -c(1, 1, 1, 0, 0, 0, 0, 0))  # the first three at most 0.35
sets$capped$b <- c(sets$capped$b, -0.35)
aversions <- c(conservative = 10, moderate = 5, aggressive = 2.5)
best <- function(m, v, lambda, set)
  solve.QP(lambda * v, m, set$A, set$b, meq = 1)$solution

for (tolerance in names(aversions)) for (set in names(sets))
  keep(paste("mpt", tolerance, set, sep = "/"), best(mu, sigma, aversions[[tolerance]], sets[[set]]))

# Black-Litterman in the precision form: posterior mean and covariance as written in the paper's
# equation 8, not in the updated form that we compute.
tau <- 0.05; delta <- 2.5
prior <- delta * sigma %*% rep(1 / n, n)
bl <- function(p, q) {
  omega <- diag(diag(p %*% (tau * sigma) %*% t(p)), nrow(p))
  precision <- solve(tau * sigma) + t(p) %*% solve(omega) %*% p
  mean <- solve(precision, solve(tau * sigma, prior) + t(p) %*% solve(omega, q))
  list(mean = as.vector(mean), covariance = sigma + solve(precision))
}
views <- bl(diag(n)[c(2, 5), ], c(0.12, -0.03))
keep("black_litterman_means", views$mean)
for (set in names(sets)) {
  keep(paste("black_litterman", "views", set, sep = "/"),
       best(views$mean, views$covariance, 5, sets[[set]]))
  keep(paste("black_litterman", "none", set, sep = "/"),
       best(as.vector(prior), (1 + tau) * sigma, 5, sets[[set]]))
}

# Risk parity: Newton's method on Spinu's convex function; then the nearest that is allowed.
w <- rep(1, n) / sqrt(diag(sigma))
for (k in 1:200) {
  step <- solve(sigma + diag(1 / (n * w^2)), sigma %*% w - 1 / (n * w))
  w <- as.vector(w - min(1, 0.5 * min(ifelse(step > 0, w / step, Inf))) * step)
}
stopifnot(max(abs(w * (sigma %*% w) - 1 / n)) < 1e-12)
parity <- w / sum(w)
keep("risk_parity/any/long", parity)
keep("risk_parity/any/capped", best(as.vector(sigma %*% parity), sigma, 1, sets$capped))

# Kelly by a barrier method: Newton's method on the utility and mu times the logarithms of the
# slacks, mu falling to 1e-13, along the weights that sum to 1.
utility_newton <- function(gamma, set, mu_end = 1e-13) {
  A <- set$A[, -1]; b <- set$b[-1]; w <- c(rep(0.1, 3), rep(0.14, 5))
  value <- function(w, mu) {
    slack <- as.vector(t(A) %*% w) - b
    wealth <- as.vector(1 + x %*% w)
    if (min(slack) <= 0 || min(wealth) <= 0) return(-Inf)
    u <- if (gamma == 1) mean(log(wealth)) else mean(wealth^(1 - gamma)) / (1 - gamma)
    u + mu * sum(log(slack))
  }
  mu <- 1e-4
  while (mu > mu_end) {
    for (k in 1:100) {
      wealth <- as.vector(1 + x %*% w); slack <- as.vector(t(A) %*% w) - b
      g <- colMeans(x * wealth^(-gamma)) + mu * as.vector(A %*% (1 / slack))
      h <- gamma * crossprod(x * wealth^(-(gamma + 1) / 2)) / days +
        mu * A %*% diag(1 / slack^2) %*% t(A)
      kkt <- rbind(cbind(h, 1), c(rep(1, n), 0))
      d <- solve(kkt, c(g, 0), tol = 1e-30)[1:n]
      t <- 1
      while (value(w + t * d, mu) < value(w, mu) && t > 1e-10) t <- t / 2
      w <- w + t * d
      if (max(abs(d)) < 1e-11) break
    }
    mu <- mu / 5
  }
  w
}
for (set in c("long", "capped")) {
  keep(paste("kelly", "aggressive", set, sep = "/"), utility_newton(1, sets[[set]]))
  keep(paste("kelly", "moderate", set, sep = "/"), utility_newton(2, sets[[set]]))
}
out$value <- sprintf("%.15g", out$value)
write.csv(out, "oracle.csv", quote = FALSE, row.names = FALSE)
