#!/bin/sh
# Builds Salesforce's Java client from the WSDL of a running Orgbox and takes it through the steps of the
# matrix, then through the printed samples.   usage: run.sh URL
set -eu
url="${1%/}"
cd "$(dirname "$0")"
. ../needs.sh
needs javac mvn
export MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
ORGBOX_URL="$url" exec mvn -q -B -Dstyle.color=never clean compile exec:java
