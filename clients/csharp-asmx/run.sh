#!/bin/sh
# Makes .NET proxies from the WSDLs of a running Orgbox, as wsdl.exe does, and takes them through the steps of
# the matrix.   usage: run.sh URL
set -eu
url="${1%/}"
cd "$(dirname "$0")"
. ../needs.sh
needs mono mcs
needs_package /usr/lib/mono/4.5/System.Web.Services.dll libmono-system-web-services4.0-cil
export LANG=C.UTF-8
mkdir -p build
mcs -r:System.Web.Services -out:build/Stubs.exe Stubs.cs
failed=0
for dialect in Enterprise:c Partner:u; do
  name="${dialect%:*}"
  mono build/Stubs.exe "$url/services/Soap/${dialect#*:}/66.0?wsdl" Orgbox.Stubs "build/${name}Stubs.cs"
  mcs -nowarn:0169,0649 -r:System.Web.Services -out:"build/$name.exe" Driver.cs "$name.cs" "build/${name}Stubs.cs"
  mono "build/$name.exe" "$url" || failed=$?
done
exit "$failed"
