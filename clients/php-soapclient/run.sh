#!/bin/sh
# PHP's SoapClient through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
needs php
php -r 'exit(class_exists("SoapClient") ? 0 : 1);' || not_run "the Debian package php-soap is not installed"
both_dialects php -d soap.wsdl_cache_enabled=0 driver.php "${1%/}"
