package orgbox;

import static orgbox.Report.same;

import com.sforce.soap.enterprise.DeleteResult;
import com.sforce.soap.enterprise.DescribeSObjectResult;
import com.sforce.soap.enterprise.Error;
import com.sforce.soap.enterprise.LoginResult;
import com.sforce.soap.enterprise.QueryOptions;
import com.sforce.soap.enterprise.QueryResult;
import com.sforce.soap.enterprise.SaveResult;
import com.sforce.soap.enterprise.SessionHeader;
import com.sforce.soap.enterprise.SforceService;
import com.sforce.soap.enterprise.Soap;
import com.sforce.soap.enterprise.UnexpectedErrorFault;
import com.sforce.soap.enterprise.sobject.CollaborationInvitation;
import com.sforce.soap.enterprise.sobject.ObjectFactory;
import com.sforce.soap.enterprise.sobject.SObject;
import com.sun.xml.ws.developer.WSBindingProvider;
import jakarta.xml.ws.BindingProvider;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/** What wsimport made of the enterprise WSDL. */
final class EnterpriseClient {
    private final Report report;
    private final Run run = new Run();
    private final ObjectFactory make = new ObjectFactory();
    private final SessionHeader session = new SessionHeader();
    private final String path;
    private Soap soap;
    private String me;
    private QueryResult batch;

    EnterpriseClient(String url, String library) {
        report = new Report("enterprise", library);
        path = url + "/services/Soap/c/66.0";
    }

    boolean run() {
        report.step("login", this::login);
        report.step("invite", this::invite);
        report.step("refused", this::refused);
        report.step("query", this::query);
        report.step("queryMore", this::queryMore);
        report.step("retrieve", this::retrieve);
        report.step("describe", this::describe);
        report.step("delete", this::delete);
        report.step("logout", this::logout);
        report.step("expired", this::expired);
        return report.held();
    }

    private String login() throws Exception {
        soap = new SforceService(URI.create(path + "?wsdl").toURL()).getSoap();
        LoginResult result = soap.login(Run.USER, Run.PASSWORD);
        ((BindingProvider) soap)
                .getRequestContext()
                .put(BindingProvider.ENDPOINT_ADDRESS_PROPERTY, result.getServerUrl());
        session.setSessionId(result.getSessionId());
        send(session);
        me = result.getUserId();
        return same(Run.USER, result.getUserInfo().getUserName());
    }

    private void send(Object... headers) {
        ((WSBindingProvider) soap).setOutboundHeaders(headers);
    }

    private List<SaveResult> create(Stream<String> addresses) throws Exception {
        return soap.create(addresses.map(this::invitation).toList());
    }

    private SObject invitation(String address) {
        CollaborationInvitation invitation = make.createCollaborationInvitation();
        invitation.setSharedEntityId(make.createCollaborationInvitationSharedEntityId(me));
        invitation.setInvitedUserEmail(make.createCollaborationInvitationInvitedUserEmail(address));
        return invitation;
    }

    private String invite() throws Exception {
        List<SaveResult> saved = create(run.colleagues.stream());
        return same(200L, saved.stream().filter(SaveResult::isSuccess).count()) + " colleagues";
    }

    private String refused() throws Exception {
        List<SaveResult> results = create(Stream.of(run.outsider, run.oneMore));
        same(List.of(false, true), results.stream().map(SaveResult::isSuccess).toList());
        Error error = results.get(0).getErrors().get(0);
        same(List.of("InvitedUserEmail"), error.getFields());
        return same("FIELD_INTEGRITY_EXCEPTION", error.getStatusCode());
    }

    private static String value(SObject record, String field) {
        CollaborationInvitation invitation = (CollaborationInvitation) record;
        return (field.equals("Status") ? invitation.getStatus() : invitation.getInvitedUserEmail())
                .getValue();
    }

    private static List<String> addresses(QueryResult found) {
        return found.getRecords().stream().map(record -> value(record, "InvitedUserEmail")).toList();
    }

    private String query() throws Exception {
        QueryOptions options = new QueryOptions();
        options.setBatchSize(200);
        send(session, options);
        batch = soap.query(run.soql);
        same(false, batch.isDone());
        same(run.colleagues, addresses(batch));
        return "200 of " + same(201, batch.getSize());
    }

    private String queryMore() throws Exception {
        QueryResult rest = soap.queryMore(batch.getQueryLocator());
        send(session);
        same(true, rest.isDone());
        return same(List.of(run.oneMore), addresses(rest));
    }

    private String firstId() {
        return batch.getRecords().get(0).getId();
    }

    private String retrieve() throws Exception {
        SObject record = soap.retrieve(Run.FIELDS, Run.SOBJECT, List.of(firstId())).get(0);
        same(run.colleagues.get(0), value(record, "InvitedUserEmail"));
        return same("Sent", value(record, "Status"));
    }

    private String describe() throws Exception {
        DescribeSObjectResult described = soap.describeSObject(Run.SOBJECT);
        same(true, described.isCreateable());
        same(false, described.isUpdateable());
        return same("0H1", described.getKeyPrefix());
    }

    private String delete() throws Exception {
        DeleteResult deleted = soap.delete(List.of(firstId())).get(0);
        same(true, deleted.isSuccess());
        return same(firstId(), deleted.getId());
    }

    private String logout() throws Exception {
        soap.logout();
        return "signed out";
    }

    private String expired() {
        try {
            soap.getUserInfo();
        } catch (UnexpectedErrorFault fault) {
            return same("INVALID_SESSION_ID", fault.getFaultInfo().getExceptionCode())
                    + " as UnexpectedErrorFault";
        }
        throw new AssertionError("the session still works");
    }
}
