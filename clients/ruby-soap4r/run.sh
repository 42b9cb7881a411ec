#!/bin/sh
# Ruby's soap4r through the steps of the matrix.   usage: run.sh URL
set -eu
cd "$(dirname "$0")"
. ../needs.sh
needs ruby
ruby -W0 -e 'require "soap/wsdlDriver"' 2>/dev/null || not_run "the Debian package ruby-soap4r is not installed"
exec ruby -W0 driver.rb "${1%/}"
