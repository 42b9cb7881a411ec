#!/bin/sh
# Installs what the peers need on Debian. Needs root; npm and Maven fetch their packages on the first run.
set -eu
apt-get update
apt-get install -y --no-install-recommends \
	php-cli php-soap php-sqlite3 \
	gsoap libgsoap-dev libsqlite3-dev g++ \
	default-jdk-headless maven nodejs npm postgresql
