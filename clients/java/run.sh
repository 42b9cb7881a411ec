#!/bin/sh
# Builds Salesforce's Java client from the WSDL of a running Orgbox and takes it through the calls.
# Needs a JDK 17 and Maven.   usage: run.sh http://127.0.0.1:8080
set -eu
: "${1:?usage: run.sh URL}"
cd "$(dirname "$0")"
ORGBOX_URL="${1%/}" exec mvn -q -B -Dstyle.color=never clean compile exec:java
