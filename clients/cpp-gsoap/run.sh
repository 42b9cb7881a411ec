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
wsdl2h -q -d -t ../typemap.dat -o partner.h "$url/services/Soap/u/66.0?wsdl"
soapcpp2 -C -L -x -j -w partner.h >/dev/null
ln -sf ../driver.cpp .
g++ -std=c++17 -O0 -pipe -c soapC.cpp &
g++ -std=c++17 -O0 -pipe -c soapSoapBindingProxy.cpp driver.cpp
wait
g++ -o driver ./*.o -lgsoap++
exec ./driver "$url"
