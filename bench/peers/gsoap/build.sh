#!/bin/sh
# Builds the gSOAP peer in the current folder.   usage: build.sh CONTRACT
set -eu
[ server -nt server.cpp ] && [ server -nt "$1/enterprise.wsdl" ] && exit 0
cat > typemap.dat <<END
ns = "urn:enterprise.soap.sforce.com"
ens = "urn:sobject.enterprise.soap.sforce.com"
xsd__dateTime = | std::string
END
wsdl2h -t typemap.dat -y -o service.h "$1/enterprise.wsdl"
soapcpp2 -S -j -x -w -L -I /usr/share/gsoap/import service.h
g++ -O2 -DNDEBUG -DWITH_PURE_VIRTUAL -o server server.cpp soapC.cpp soapSoapBindingService.cpp \
	-lgsoap++ -lsqlite3 -lpthread
