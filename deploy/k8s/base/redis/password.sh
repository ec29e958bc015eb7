# The password, from a file as Compose gives it or from the environment as Kubernetes does. Sourced.
if [ -z "${REDIS_PASSWORD:-}" ]; then
  REDIS_PASSWORD=$(<"${REDIS_PASSWORD_FILE:-/run/secrets/redis_password}")
fi
export REDISCLI_AUTH=$REDIS_PASSWORD
