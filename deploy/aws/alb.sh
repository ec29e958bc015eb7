#!/usr/bin/env bash
# alb.sh: an Application Load Balancer in front of ARA on EC2 instances. Run again, it changes what
# is there, as every step finds its thing by name. Needs a configured AWS CLI 2.
#
#   alb.sh --vpc vpc-… --subnets subnet-a,subnet-b --security-group sg-… --certificate arn:… \
#          [--name ara] [--port 8000] [--instances i-1,i-2] [--logs BUCKET]
#
# Clients reach it on 443 with the certificate, on 80 they are sent there. ARA itself wants, in
# TRUSTED_PROXIES, the ranges of these subnets: the balancer adds the client to X-Forwarded-For.
set -euo pipefail

name=ara port=8000 vpc='' subnets='' group='' certificate='' instances='' logs=''
help() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }
usage() { help >&2; exit 2; }
if [ "${1:-}" = --help ]; then
  help
  exit 0
fi
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --name) name=$2 ;;
    --port) port=$2 ;;
    --vpc) vpc=$2 ;;
    --subnets) subnets=$2 ;;
    --security-group) group=$2 ;;
    --certificate) certificate=$2 ;;
    --instances) instances=$2 ;;
    --logs) logs=$2 ;;
    *) usage ;;
  esac
  shift 2
done
for needed in "$vpc" "$subnets" "$group" "$certificate"; do [ -n "$needed" ] || usage; done
read -ra subnets <<<"${subnets//,/ }"
read -ra instances <<<"${instances//,/ }"

# one QUERY OPERATION…: the text that an operation of `aws elbv2` answers.
one() { aws elbv2 "${@:2}" --query "$1" --output text --no-cli-pager; }

# The same, and nothing where what was asked for is not there.
found() {
  local answer status=0
  answer=$(one "$@" 2>&1) || status=$?
  if [ "$status" = 0 ]; then
    [ "$answer" = None ] || printf '%s' "$answer"
  elif ! grep -q NotFound <<<"$answer"; then
    printf '%s\n' "$answer" >&2
    return "$status"
  fi
}

# Ready, not just alive: a server that cannot answer gets no requests.
health=(--health-check-protocol HTTP --health-check-path /health/ready --matcher HttpCode=200
  --health-check-interval-seconds 5 --health-check-timeout-seconds 2
  --healthy-threshold-count 2 --unhealthy-threshold-count 2)

target=$(found 'TargetGroups[0].TargetGroupArn' describe-target-groups --names "$name")
if [ -n "$target" ]; then
  one 'TargetGroups[0].TargetGroupArn' modify-target-group --target-group-arn "$target" \
    "${health[@]}" >/dev/null
else
  target=$(one 'TargetGroups[0].TargetGroupArn' create-target-group --name "$name" --protocol HTTP \
    --protocol-version HTTP1 --port "$port" --vpc-id "$vpc" --target-type instance "${health[@]}")
fi
# The grace after which a server is left is that in which ARA stops. No stickiness: any server
# answers any request. A new server gets its share over half a minute, while its caches fill.
one 'Attributes[0].Key' modify-target-group-attributes --target-group-arn "$target" --attributes \
  Key=deregistration_delay.timeout_seconds,Value=15 \
  Key=load_balancing.algorithm.type,Value=round_robin \
  Key=slow_start.duration_seconds,Value=30 \
  Key=stickiness.enabled,Value=false >/dev/null

balancer=$(found 'LoadBalancers[0].LoadBalancerArn' describe-load-balancers --names "$name")
if [ -z "$balancer" ]; then
  balancer=$(one 'LoadBalancers[0].LoadBalancerArn' create-load-balancer --name "$name" \
    --type application --scheme internet-facing --ip-address-type ipv4 \
    --subnets "${subnets[@]}" --security-groups "$group")
fi
# ARA closes idle connections after 60 s and sends a ping on streams every 30 s.
# shellcheck disable=SC2054  # the commas are the AWS CLI's
attributes=(
  Key=idle_timeout.timeout_seconds,Value=55
  Key=routing.http2.enabled,Value=true
  Key=routing.http.drop_invalid_header_fields.enabled,Value=true
  Key=routing.http.desync_mitigation_mode,Value=strictest
  Key=routing.http.xff_header_processing.mode,Value=append
  Key=deletion_protection.enabled,Value=true)
if [ -n "$logs" ]; then
  attributes+=("Key=access_logs.s3.enabled,Value=true" "Key=access_logs.s3.bucket,Value=$logs")
fi
one 'Attributes[0].Key' modify-load-balancer-attributes --load-balancer-arn "$balancer" \
  --attributes "${attributes[@]}" >/dev/null

# listener PORT ARGUMENT…: makes the listener of that port, or changes it.
listener() {
  local arn
  arn=$(found "Listeners[?Port==\`$1\`].ListenerArn | [0]" describe-listeners \
    --load-balancer-arn "$balancer")
  if [ -n "$arn" ]; then
    one 'Listeners[0].ListenerArn' modify-listener --listener-arn "$arn" "${@:2}"
  else
    one 'Listeners[0].ListenerArn' create-listener --load-balancer-arn "$balancer" --port "$1" "${@:2}"
  fi
}
https=$(listener 443 --protocol HTTPS --certificates "CertificateArn=$certificate" \
  --ssl-policy ELBSecurityPolicy-TLS13-1-2-2021-06 \
  --default-actions "Type=forward,TargetGroupArn=$target")
listener 80 --protocol HTTP --default-actions \
  'Type=redirect,RedirectConfig={Protocol=HTTPS,Port=443,StatusCode=HTTP_301}' >/dev/null

# What is for Prometheus only stays inside.
rule=$(found "Rules[?Priority=='1'].RuleArn | [0]" describe-rules --listener-arn "$https")
if [ -z "$rule" ]; then
  one 'Rules[0].RuleArn' create-rule --listener-arn "$https" --priority 1 \
    --conditions 'Field=path-pattern,PathPatternConfig={Values=[/metrics]}' \
    --actions 'Type=fixed-response,FixedResponseConfig={StatusCode=404,ContentType=text/plain}' \
    >/dev/null
fi

if [ ${#instances[@]} -gt 0 ]; then
  aws elbv2 register-targets --target-group-arn "$target" --targets "${instances[@]/#/Id=}"
fi
one 'LoadBalancers[0].DNSName' describe-load-balancers --load-balancer-arns "$balancer"
