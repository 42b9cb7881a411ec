// gSOAP in the partner dialect, on classes that wsdl2h and soapcpp2 made of the WSDL.

#include <cstdio>
#include <functional>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "SoapBinding.nsmap"
#include "soapSoapBindingProxy.h"

namespace {

const std::string USER = "alice@acme.com";
const std::string SOBJECT = "CollaborationInvitation";
const std::string FIELDS = "Id, InvitedUserEmail, Status";

template <class T>
T same(const T &expected, const T &actual) {
    if (expected != actual) {
        throw std::runtime_error("not what was expected");
    }
    return actual;
}

std::string same(const char *expected, const std::string &actual) {
    if (actual != expected) {
        throw std::runtime_error(std::string("expected ") + expected + ", got " + actual);
    }
    return actual;
}

class Driver {
  public:
    explicit Driver(const std::string &url)
        : endpoint(url + "/services/Soap/u/66.0"), soap(soap_new1(SOAP_C_UTFSTRING | SOAP_XML_STRICT)), api(soap) {
        std::random_device random;
        run = "run" + std::to_string(random()) + std::to_string(random());
        for (int number = 0; number < 200; number++) {
            colleagues.push_back(colleague(number));
        }
    }

    std::string login() {
        _partner__login asked;
        asked.username = USER;
        asked.password = "orgbox1!";
        _partner__loginResponse answer;
        made(api.login(endpoint.c_str(), nullptr, &asked, answer));
        endpoint = answer.result->serverUrl ? *answer.result->serverUrl : "";
        session.sessionId = *answer.result->sessionId;
        me = *answer.result->userId;
        return same(USER.c_str(), answer.result->userInfo->userName);
    }

    std::string invite() {
        std::vector<partner__SaveResult *> saved = create(colleagues);
        same(size_t{200}, saved.size());
        for (const partner__SaveResult *result : saved) {
            same(true, result->success);
        }
        return "200 colleagues";
    }

    std::string refused() {
        std::vector<partner__SaveResult *> results = create({run + "@external.com", colleague(200)});
        same(false, results.at(0)->success);
        same(true, results.at(1)->success);
        const partner__Error *error = results.at(0)->errors.at(0);
        same("InvitedUserEmail", error->fields.at(0));
        return same("FIELD_INTEGRITY_EXCEPTION", soap_partner__StatusCode2s(soap, error->statusCode));
    }

    std::string query() {
        _partner__query asked;
        asked.queryString = "SELECT " + FIELDS + " FROM " + SOBJECT + " WHERE InvitedUserEmail LIKE '" + run +
                            "%' ORDER BY InvitedUserEmail";
        _partner__queryResponse answer;
        sign_in(200);
        made(api.query(endpoint.c_str(), nullptr, &asked, answer));
        same(colleagues, addresses(answer.result->records));
        same(false, answer.result->done);
        locator = *answer.result->queryLocator;
        first = *answer.result->records.at(0)->Id;
        return "200 of " + std::to_string(same(201, answer.result->size));
    }

    std::string queryMore() {
        _partner__queryMore asked;
        asked.queryLocator = locator;
        _partner__queryMoreResponse answer;
        sign_in(200);
        made(api.queryMore(endpoint.c_str(), nullptr, &asked, answer));
        same(true, answer.result->done);
        return same({colleague(200)}, addresses(answer.result->records)).at(0);
    }

    std::string retrieve() {
        _partner__retrieve asked;
        asked.fieldList = FIELDS;
        asked.sObjectType = SOBJECT;
        asked.ids.push_back(first);
        _partner__retrieveResponse answer;
        sign_in();
        made(api.retrieve(endpoint.c_str(), nullptr, &asked, answer));
        same(colleagues.at(0).c_str(), value(*answer.result.at(0), "InvitedUserEmail"));
        return same("Sent", value(*answer.result.at(0), "Status"));
    }

    std::string describe() {
        _partner__describeSObject asked;
        asked.sObjectType = SOBJECT;
        _partner__describeSObjectResponse answer;
        sign_in();
        made(api.describeSObject(endpoint.c_str(), nullptr, &asked, answer));
        same(true, answer.result->createable);
        same(false, answer.result->updateable);
        return same("0H1", *answer.result->keyPrefix);
    }

    std::string remove() {
        _partner__delete asked;
        asked.ids.push_back(first);
        _partner__deleteResponse answer;
        sign_in();
        made(api.delete_(endpoint.c_str(), nullptr, &asked, answer));
        same(true, answer.result.at(0)->success);
        return same(first.c_str(), *answer.result.at(0)->id);
    }

    std::string logout() {
        _partner__logout asked;
        _partner__logoutResponse answer;
        sign_in();
        made(api.logout(endpoint.c_str(), nullptr, &asked, answer));
        return "signed out";
    }

    std::string expired() {
        _partner__getUserInfo asked;
        _partner__getUserInfoResponse answer;
        sign_in();
        if (api.getUserInfo(endpoint.c_str(), nullptr, &asked, answer) == SOAP_OK) {
            throw std::runtime_error("the session still works");
        }
        const fault__UnexpectedErrorFault *fault = soap->fault->detail->fault__UnexpectedErrorFault_;
        same("INVALID_SESSION_ID", soap_fault__ExceptionCode2s(soap, fault->exceptionCode));
        return std::string(soap->fault->faultcode) + " with UnexpectedErrorFault";
    }

  private:
    std::string endpoint;
    struct soap *soap;
    SoapBindingProxy api;
    _partner__SessionHeader session;
    _partner__QueryOptions options;
    int batch_size = 0;
    std::string run, me, first, locator;
    std::vector<std::string> colleagues;

    std::string colleague(int number) const {
        std::string digits = std::to_string(number);
        return run + "." + std::string(3 - digits.size(), '0') + digits + "@acme.com";
    }

    /// Puts the session, and the batch size if there is one, into the next message.
    void sign_in(int size = 0) {
        soap->header = soap_new_SOAP_ENV__Header(soap);
        soap->header->partner__SessionHeader = &session;
        if (size) {
            batch_size = size;
            options.batchSize = &batch_size;
            soap->header->partner__QueryOptions = &options;
        }
    }

    /// Throws the fault if the call came back with one.
    void made(int code) {
        if (code != SOAP_OK) {
            char text[1000];
            throw std::runtime_error(soap_sprint_fault(soap, text, sizeof text));
        }
    }

    void field(record__sObject &record, const char *name, const std::string &text) {
        soap_dom_element element(soap, "urn:sobject.partner.soap.sforce.com", name, text);
        record.__any.push_back(element);
    }

    std::vector<partner__SaveResult *> create(const std::vector<std::string> &addresses) {
        _partner__create asked;
        for (const std::string &address : addresses) {
            record__sObject *invitation = soap_new_record__sObject(soap);
            invitation->type = SOBJECT;
            field(*invitation, "SharedEntityId", me);
            field(*invitation, "InvitedUserEmail", address);
            asked.sObjects.push_back(invitation);
        }
        _partner__createResponse answer;
        sign_in();
        made(api.create(endpoint.c_str(), nullptr, &asked, answer));
        return answer.result;
    }

    static std::string value(record__sObject &record, const std::string &name) {
        for (const soap_dom_element &element : record.__any) {
            if (element.match(name.c_str()) || element.match(("*:" + name).c_str())) {
                return element.text ? element.text : "";
            }
        }
        throw std::runtime_error("no " + name);
    }

    static std::vector<std::string> addresses(const std::vector<record__sObject *> &records) {
        std::vector<std::string> found;
        for (record__sObject *record : records) {
            found.push_back(value(*record, "InvitedUserEmail"));
        }
        return found;
    }
};

}  // namespace

int main(int, char **arguments) {
    Driver driver(arguments[1]);
    const std::vector<std::pair<const char *, std::string (Driver::*)()>> steps = {
        {"login", &Driver::login},       {"invite", &Driver::invite},       {"refused", &Driver::refused},
        {"query", &Driver::query},       {"queryMore", &Driver::queryMore}, {"retrieve", &Driver::retrieve},
        {"describe", &Driver::describe}, {"delete", &Driver::remove},       {"logout", &Driver::logout},
        {"expired", &Driver::expired},
    };
    std::cout << "client partner gSOAP " << GSOAP_VERSION / 100000 << "." << GSOAP_VERSION / 1000 % 100 << "."
              << GSOAP_VERSION % 1000 << std::endl;
    bool held = true;
    for (const auto &[name, step] : steps) {
        try {
            std::cout << "ok " << name << " " << (driver.*step)() << std::endl;
        } catch (const std::exception &error) {
            held = false;
            std::cout << "FAIL " << name << " " << error.what() << std::endl;
        }
    }
    return held ? 0 : 1;
}
