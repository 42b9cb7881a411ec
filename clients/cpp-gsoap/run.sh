#!/bin/sh
# Lets gSOAP make a C++ client of the partner WSDL of a running Orgbox, builds it and takes it through the
# steps of the matrix.   usage: run.sh URL
set -eu
url="${1%/}"
cd "$(dirname "$0")"
. ../needs.sh
needs g++ wsdl2h soapcpp2
needs_package /usr/include/stdsoap2.h libgsoap-dev
mkdir -p build
cd build
ln -sf ../driver.cpp .
build() {
  wsdl2h -d -t ../typemap.dat -o partner.h "$url/services/Soap/u/66.0?wsdl" &&
    soapcpp2 -C -L -x -j -w partner.h &&
    g++ -std=c++17 -O0 -pipe -w -o driver driver.cpp soapC.cpp soapSoapBindingProxy.cpp -lgsoap++
}
build >build.log 2>&1 || {
  cat build.log >&2
  exit 1
}
exec ./driver "$url"
