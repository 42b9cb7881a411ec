// The proxy of one dialect through the steps of the matrix.   usage: Driver.exe URL
using System;
using System.Collections.Generic;
using System.Linq;
using System.Web.Services.Protocols;
using Orgbox.Stubs;

static class Driver
{
    const string User = "alice@acme.com";
    const string SObject = "CollaborationInvitation";
    const string Fields = "Id, InvitedUserEmail, Status";

    static readonly string Run = "run" + Guid.NewGuid().ToString("N").Substring(0, 12);
    static readonly string[] Colleagues = Enumerable.Range(0, 200).Select(Colleague).ToArray();
    static readonly SforceService Service = new SforceService();
    static string me, first, locator;
    static bool held = true;

    static int Main(string[] arguments)
    {
        Console.WriteLine("client {0} System.Web.Services of Mono {1}", Records.Dialect, MonoVersion());
        Service.Url = arguments[0] + Records.Path;
        Step("login", Login);
        Step("invite", Invite);
        Step("refused", Refused);
        Step("query", Query);
        Step("queryMore", QueryMore);
        Step("retrieve", Retrieve);
        Step("describe", Describe);
        Step("delete", Delete);
        Step("logout", Logout);
        Step("expired", Expired);
        return held ? 0 : 1;
    }

    static string Login()
    {
        var result = Service.login(User, "orgbox1!");
        Service.Url = result.serverUrl;
        Service.SessionHeaderValue = new SessionHeader { sessionId = result.sessionId };
        me = result.userId;
        return Same(User, result.userInfo.userName);
    }

    static string Invite()
    {
        return Same(200, Create(Colleagues).Count(result => result.success)) + " colleagues";
    }

    static string Refused()
    {
        var results = Create(Run + "@external.com", Colleague(200));
        Same("False True", results[0].success + " " + results[1].success);
        var error = results[0].errors.Single();
        Same("InvitedUserEmail", error.fields.Single());
        return Same(StatusCode.FIELD_INTEGRITY_EXCEPTION, error.statusCode);
    }

    static string Query()
    {
        Service.QueryOptionsValue = new QueryOptions { batchSize = 200, batchSizeSpecified = true };
        var found = Service.query(
            string.Format("SELECT {0} FROM {1} WHERE InvitedUserEmail LIKE '{2}%' ORDER BY InvitedUserEmail",
                Fields, SObject, Run));
        Same(false, found.done);
        Same(string.Join(" ", Colleagues), string.Join(" ", found.records.Select(Records.Address)));
        first = found.records[0].Id;
        locator = found.queryLocator;
        return "200 of " + Same(201, found.size);
    }

    static string QueryMore()
    {
        var rest = Service.queryMore(locator);
        Same(true, rest.done);
        return Same(Colleague(200), Records.Address(rest.records.Single()));
    }

    static string Retrieve()
    {
        var record = Service.retrieve(Fields, SObject, new[] { first }).Single();
        Same(Colleagues[0], Records.Address(record));
        return Same("Sent", Records.Status(record));
    }

    static string Describe()
    {
        var described = Service.describeSObject(SObject);
        Same("True False", described.createable + " " + described.updateable);
        return Same("0H1", described.keyPrefix);
    }

    static string Delete()
    {
        var deleted = Service.delete(new[] { first }).Single();
        Same(true, deleted.success);
        return Same(first, deleted.id);
    }

    static string Logout()
    {
        Service.logout();
        return "signed out";
    }

    static string Expired()
    {
        try
        {
            Service.getUserInfo();
        }
        catch (SoapException fault)
        {
            Same("sf:UnexpectedErrorFault", fault.Detail.FirstChild.Name);
            return Same("INVALID_SESSION_ID", fault.Code.Name) + " as SoapException";
        }
        throw new InvalidOperationException("the session still works");
    }

    static SaveResult[] Create(params string[] addresses)
    {
        return Service.create(addresses.Select(address => Records.Invitation(me, address)).ToArray());
    }

    static string Colleague(int number)
    {
        return string.Format("{0}.{1:000}@acme.com", Run, number);
    }

    // The actual value as text; throws unless it is the expected one.
    static string Same(object expected, object actual)
    {
        if (!expected.Equals(actual))
            throw new InvalidOperationException(string.Format("expected {0}, got {1}", expected, actual));
        return actual.ToString();
    }

    static void Step(string name, Func<string> action)
    {
        try
        {
            Console.WriteLine("ok {0} {1}", name, action());
        }
        catch (Exception failure)
        {
            held = false;
            Console.WriteLine("FAIL {0} {1}", name, failure.Message.Replace('\n', ' '));
        }
    }

    static string MonoVersion()
    {
        var shown = Type.GetType("Mono.Runtime").GetMethod("GetDisplayName",
            System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static);
        return ((string)shown.Invoke(null, null)).Split(' ')[0];
    }
}
