// A peer, and nearly the limit: gSOAP with SQLite, a thread for each connection.
// usage: server PORT DATABASE CONTRACT
#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <sqlite3.h>
#include "SoapBinding.nsmap"
#include "soapSoapBindingService.h"

namespace {

const char *const COLUMNS =
    "SELECT Id, InvitedUserEmail, Status, CreatedDate, InviterId, SharedEntityId, OptionalMessage"
    " FROM invitation";
std::string database;
_ns__describeSObjectsResponse described;
std::map<std::string, ns__DescribeSObjectResult *> by_name;

class Statement {
  public:
    Statement(sqlite3 *db, const std::string &sql) {
        if (sqlite3_prepare_v3(db, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr))
            throw std::runtime_error(sqlite3_errmsg(db));
    }
    ~Statement() { sqlite3_finalize(handle_); }
    void text(int place, const std::string &value) {
        sqlite3_bind_text(handle_, place, value.data(), int(value.size()), SQLITE_TRANSIENT);
    }
    void text(int place, const std::string *value) {
        if (value) text(place, *value); else sqlite3_bind_null(handle_, place);
    }
    void number(int place, int value) { sqlite3_bind_int(handle_, place, value); }
    bool step() {
        int code = sqlite3_step(handle_);
        if (code != SQLITE_ROW && code != SQLITE_DONE) throw std::runtime_error("database");
        return code == SQLITE_ROW;
    }
    const char *column(int n) { return reinterpret_cast<const char *>(sqlite3_column_text(handle_, n)); }
    void reset() { sqlite3_reset(handle_); }

  private:
    sqlite3_stmt *handle_ = nullptr;
};

sqlite3 *open() {
    sqlite3 *db = nullptr;
    if (sqlite3_open(database.c_str(), &db)) throw std::runtime_error("cannot open the database");
    sqlite3_busy_timeout(db, 6000);
    sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", nullptr, nullptr, nullptr);
    return db;
}

// What each thread keeps: a connection and its prepared statements.
struct Store {
    sqlite3 *db = open();
    Statement begin{db, "BEGIN IMMEDIATE"}, commit{db, "COMMIT"};
    Statement user{db, "SELECT id FROM users WHERE username = ? AND password = ?"};
    Statement keep{db, "INSERT INTO sessions VALUES (?, ?)"};
    Statement session{db, "SELECT user_id FROM sessions WHERE id = ?"};
    Statement one{db, std::string(COLUMNS) + " WHERE InvitedUserEmail = ?"};
    Statement batch{db, std::string(COLUMNS) + " LIMIT ?"};
    Statement by_id{db, std::string(COLUMNS) + " WHERE Id = ?"};
    Statement insert{db, "INSERT INTO invitation VALUES"
                         " (?1, NULL, ?2, ?3, ?4, ?4, 'Sent', ?5, ?6, ?3, ?6, ?3, ?6)"};

    ~Store() { sqlite3_close_v2(db); }
};

Store &store() {
    thread_local Store kept;
    return kept;
}

std::string random_text(size_t length) {
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    thread_local std::mt19937_64 source{std::random_device{}()};
    std::string made(length, '0');
    for (char &c : made) c = letters[source() % 62];
    return made;
}

std::string now_text() {
    time_t now = time(nullptr);
    struct tm parts;
    gmtime_r(&now, &parts);
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    return text;
}

class Service : public SoapBindingService {
  public:
    using SoapBindingService::SoapBindingService;
    explicit Service(struct soap *shared) : SoapBindingService(shared) {}

    SoapBindingService *copy() override { return new Service(*this); }

    int login(_ns__login *asked, _ns__loginResponse &answer) override {
        Store &s = store();
        s.user.reset();
        s.user.text(1, asked->username);
        s.user.text(2, asked->password);
        if (!s.user.step()) return soap_senderfault("INVALID_LOGIN", nullptr);
        std::string *user = text(s.user.column(0));
        s.user.reset();
        std::string *session = text(("00D!" + random_text(96)).c_str());
        s.keep.reset();
        s.keep.text(1, *session);
        s.keep.text(2, *user);
        s.keep.step();
        s.keep.reset();
        answer.result = soap_new_ns__LoginResult(soap);
        answer.result->sessionId = session;
        answer.result->userId = user;
        return SOAP_OK;
    }

    int create(_ns__create *asked, _ns__createResponse &answer) override {
        std::string user;
        if (!signed_in(user)) return refused();
        Store &s = store();
        std::string now = now_text();
        s.begin.reset(); s.begin.step(); s.begin.reset();
        for (ens__sObject *any : asked->sObjects) {
            auto *o = dynamic_cast<ens__CollaborationInvitation *>(any);
            if (!o) return soap_senderfault("INVALID_TYPE", nullptr);
            std::string *id = text(("0H1" + random_text(15)).c_str());
            s.insert.reset();
            s.insert.text(1, *id);
            s.insert.text(2, o->SharedEntityId);
            s.insert.text(3, user);
            s.insert.text(4, o->InvitedUserEmail);
            s.insert.text(5, o->OptionalMessage);
            s.insert.text(6, now);
            s.insert.step();
            ns__SaveResult *result = soap_new_ns__SaveResult(soap);
            result->id = id;
            result->success = true;
            answer.result.push_back(result);
        }
        s.insert.reset();
        s.commit.reset(); s.commit.step(); s.commit.reset();
        return SOAP_OK;
    }

    int query(_ns__query *asked, _ns__queryResponse &answer) override {
        std::string user;
        if (!signed_in(user)) return refused();
        const std::string &soql = asked->queryString;
        static const std::string where = "WHERE InvitedUserEmail = '", limit = "LIMIT ";
        answer.result = soap_new_ns__QueryResult(soap);
        size_t at = soql.find(where);
        Statement &rows = at == std::string::npos ? store().batch : store().one;
        rows.reset();
        if (at != std::string::npos) {
            at += where.size();
            rows.text(1, soql.substr(at, soql.find('\'', at) - at));
        } else {
            at = soql.find(limit);
            rows.number(1, at == std::string::npos ? 2000 : std::stoi(soql.substr(at + limit.size())));
        }
        while (rows.step()) answer.result->records.push_back(record(rows));
        rows.reset();
        answer.result->done = true;
        answer.result->size = int(answer.result->records.size());
        return SOAP_OK;
    }

    int retrieve(_ns__retrieve *asked, _ns__retrieveResponse &answer) override {
        std::string user;
        if (!signed_in(user)) return refused();
        Statement &row = store().by_id;
        for (const std::string &id : asked->ids) {
            row.reset();
            row.text(1, id);
            answer.result.push_back(row.step() ? record(row) : nullptr);
        }
        row.reset();
        return SOAP_OK;
    }

    int describeSObjects(_ns__describeSObjects *asked, _ns__describeSObjectsResponse &answer) override {
        std::string user;
        if (!signed_in(user)) return refused();
        for (const std::string &name : asked->sObjectType) answer.result.push_back(by_name.at(name));
        return SOAP_OK;
    }

  private:
    bool signed_in(std::string &user) {
        if (!soap->header || !soap->header->ns__SessionHeader) return false;
        Statement &session = store().session;
        session.reset();
        session.text(1, soap->header->ns__SessionHeader->sessionId);
        bool found = session.step();
        if (found) user = session.column(0);
        session.reset();
        soap->header = nullptr;
        return found;
    }

    int refused() { return soap_senderfault("INVALID_SESSION_ID", nullptr); }

    std::string *text(const char *value) {
        if (!value) return nullptr;
        std::string *made = soap_new_std__string(soap);
        *made = value;
        return made;
    }

    ens__CollaborationInvitation *record(Statement &row) {
        auto *made = soap_new_ens__CollaborationInvitation(soap);
        made->Id = text(row.column(0));
        made->InvitedUserEmail = text(row.column(1));
        made->Status = text(row.column(2));
        made->CreatedDate = text(row.column(3));
        made->InviterId = text(row.column(4));
        made->SharedEntityId = text(row.column(5));
        made->OptionalMessage = text(row.column(6));
        return made;
    }
};

void read_described(const std::string &path) {
    static struct soap reader;
    soap_init1(&reader, SOAP_XML_TREE | SOAP_C_UTFSTRING);
    soap_set_namespaces(&reader, namespaces);
    std::ifstream file(path);
    reader.is = &file;
    if (soap_read__ns__describeSObjectsResponse(&reader, &described)) {
        soap_print_fault(&reader, stderr);
        throw std::runtime_error("cannot read " + path);
    }
    for (ns__DescribeSObjectResult *each : described.result) by_name[each->name] = each;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    database = argv[2];
    read_described(std::string(argv[3]) + "/describe.xml");
    struct soap *listening = soap_new1(SOAP_IO_CHUNK | SOAP_IO_KEEPALIVE | SOAP_XML_TREE | SOAP_C_UTFSTRING);
    soap_set_namespaces(listening, namespaces);
    listening->bind_flags = SO_REUSEADDR;
    listening->max_keep_alive = 0;
    listening->fserveloop = [](struct soap *served) {  // after each request of a connection
        soap_destroy(served);
        soap_end(served);
        return SOAP_OK;
    };
    if (!soap_valid_socket(soap_bind(listening, "127.0.0.1", atoi(argv[1]), 100))) {
        soap_print_fault(listening, stderr);
        return 1;
    }
    while (soap_valid_socket(soap_accept(listening))) {
        struct soap *own = soap_copy(listening);
        std::thread([own] {
            Service(own).serve();
            soap_destroy(own);
            soap_end(own);
            soap_free(own);
        }).detach();
    }
    return 0;
}
