#!/usr/bin/env bash
# nodegroups.sh: the two node groups that deploy/k8s/components/spot counts on, in an EKS cluster
# that stands. Needs a configured AWS CLI 2.
#
#   nodegroups.sh --cluster NAME --role arn:aws:iam::… --subnets subnet-a,subnet-b,subnet-c \
#                 [--floor 3] [--spot-most 17] [--types m6i.large,m5.large,m5a.large,m6a.large]
#
# `floor` nodes are on-demand, one in each zone: enough for the stores and for the least number of
# API servers, so that ARA serves even if every spot node is taken away in the same minute.
set -euo pipefail

cluster='' role='' subnets='' floor=3 most=17 types=m6i.large,m5.large,m5a.large,m6a.large
help() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; }
usage() { help >&2; exit 2; }
if [ "${1:-}" = --help ]; then
  help
  exit 0
fi
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --cluster) cluster=$2 ;;
    --role) role=$2 ;;
    --subnets) subnets=$2 ;;
    --floor) floor=$2 ;;
    --spot-most) most=$2 ;;
    --types) types=$2 ;;
    *) usage ;;
  esac
  shift 2
done
for needed in "$cluster" "$role" "$subnets"; do [ -n "$needed" ] || usage; done
if ((floor < 3)); then
  echo "nodegroups.sh: a floor of $floor would not hold the 3 API servers that ARA never goes below" >&2
  exit 2
fi
read -ra subnets <<<"${subnets//,/ }"
read -ra types <<<"${types//,/ }"

common=(--cluster-name "$cluster" --node-role "$role" --subnets "${subnets[@]}"
  --ami-type AL2023_x86_64_STANDARD --no-cli-pager --query nodegroup.nodegroupName --output text)

# Of one size, so that the autoscaler of the cluster adds spot nodes only.
aws eks create-nodegroup "${common[@]}" --nodegroup-name ara-floor --capacity-type ON_DEMAND \
  --instance-types "${types[0]}" --disk-size 100 \
  --scaling-config "minSize=$floor,maxSize=$floor,desiredSize=$floor" \
  --update-config maxUnavailable=1
# Several types: what is taken away is mostly one type in one zone.
aws eks create-nodegroup "${common[@]}" --nodegroup-name ara-spot --capacity-type SPOT \
  --instance-types "${types[@]}" --disk-size 50 \
  --scaling-config "minSize=0,maxSize=$most,desiredSize=0" \
  --taints key=ara/spot,value=true,effect=NO_SCHEDULE \
  --update-config maxUnavailablePercentage=33
