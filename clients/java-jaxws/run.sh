#!/bin/sh
# Lets wsimport make clients of the WSDLs of a running Orgbox and takes them through the steps of the
# matrix.   usage: run.sh URL
set -eu
url="${1%/}"
cd "$(dirname "$0")"
. ../needs.sh
needs javac mvn
export MAVEN_OPTS="-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
ORGBOX_URL="$url" exec mvn -q -B -Dstyle.color=never clean compile exec:java
