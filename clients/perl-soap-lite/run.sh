#!/bin/sh
# Perl's SOAP::Lite through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
needs perl
perl -MSOAP::Lite -e1 2>/dev/null || not_run "the Debian package libsoap-lite-perl is not installed"
exec perl driver.pl "${1%/}"
