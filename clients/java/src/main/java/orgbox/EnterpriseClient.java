package orgbox;

import static orgbox.Report.same;

import com.sforce.soap.enterprise.Connector;
import com.sforce.soap.enterprise.DeleteResult;
import com.sforce.soap.enterprise.DescribeSObjectResult;
import com.sforce.soap.enterprise.Error;
import com.sforce.soap.enterprise.EnterpriseConnection;
import com.sforce.soap.enterprise.QueryResult;
import com.sforce.soap.enterprise.SaveResult;
import com.sforce.soap.enterprise.StatusCode;
import com.sforce.soap.enterprise.fault.ExceptionCode;
import com.sforce.soap.enterprise.fault.UnexpectedErrorFault;
import com.sforce.soap.enterprise.sobject.CollaborationInvitation;
import com.sforce.soap.enterprise.sobject.SObject;
import com.sforce.ws.ConnectorConfig;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The stubs that wsdlc made from the enterprise WSDL of the running service. */
final class EnterpriseClient {
    private final Report report;
    private final Run run = new Run();
    private final ConnectorConfig config = new ConnectorConfig();
    private EnterpriseConnection connection;
    private String me;
    private QueryResult batch;

    EnterpriseClient(String url, String library) {
        report = new Report("enterprise", library);
        config.setAuthEndpoint(url + "/services/Soap/c/66.0");
        config.setUsername(Run.USER);
        config.setPassword(Run.PASSWORD);
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
        new SampleSteps(report, connection, me).run();
        report.step("logout", this::logout);
        report.step("expired", this::expired);
        return report.held();
    }

    private String login() throws Exception {
        connection = Connector.newConnection(config);
        me = connection.getUserInfo().getUserId();
        return same(Run.USER, connection.getUserInfo().getUserName());
    }

    private SaveResult[] create(Stream<String> addresses) throws Exception {
        return connection.create(addresses.map(this::invitation).toArray(SObject[]::new));
    }

    private SObject invitation(String address) {
        CollaborationInvitation invitation = new CollaborationInvitation();
        invitation.setSharedEntityId(me);
        invitation.setInvitedUserEmail(address);
        return invitation;
    }

    private String invite() throws Exception {
        SaveResult[] saved = create(run.colleagues.stream());
        return same(200L, Arrays.stream(saved).filter(SaveResult::isSuccess).count()) + " colleagues";
    }

    private String refused() throws Exception {
        SaveResult[] results = create(Stream.of(run.outsider, run.oneMore));
        same(List.of(false, true), Arrays.stream(results).map(SaveResult::isSuccess).toList());
        Error error = results[0].getErrors()[0];
        same("[InvitedUserEmail]", Arrays.toString(error.getFields()));
        return same(StatusCode.FIELD_INTEGRITY_EXCEPTION, error.getStatusCode());
    }

    private static List<String> addresses(QueryResult found) {
        return Arrays.stream(found.getRecords())
                .map(record -> ((CollaborationInvitation) record).getInvitedUserEmail())
                .toList();
    }

    private String query() throws Exception {
        connection.setQueryOptions(200);
        batch = connection.query(run.soql);
        same(false, batch.isDone());
        same(run.colleagues, addresses(batch));
        return "200 of " + same(201, batch.getSize());
    }

    private String queryMore() throws Exception {
        QueryResult rest = connection.queryMore(batch.getQueryLocator());
        same(true, rest.isDone());
        return same(List.of(run.oneMore), addresses(rest));
    }

    private String firstId() {
        return batch.getRecords()[0].getId();
    }

    private String retrieve() throws Exception {
        SObject[] found = connection.retrieve(Run.FIELDS, Run.SOBJECT, new String[] {firstId()});
        CollaborationInvitation invitation = (CollaborationInvitation) found[0];
        same(run.colleagues.get(0), invitation.getInvitedUserEmail());
        return same("Sent", invitation.getStatus());
    }

    private String describe() throws Exception {
        DescribeSObjectResult described = connection.describeSObject(Run.SOBJECT);
        same(true, described.isCreateable());
        same(false, described.isUpdateable());
        return same("0H1", described.getKeyPrefix());
    }

    private String delete() throws Exception {
        DeleteResult deleted = connection.delete(new String[] {firstId()})[0];
        same(true, deleted.isSuccess());
        return same(firstId(), deleted.getId());
    }

    private String logout() throws Exception {
        connection.logout();
        return "signed out";
    }

    private String expired() throws Exception {
        try {
            connection.getUserInfo();
        } catch (UnexpectedErrorFault fault) {
            return same(ExceptionCode.INVALID_SESSION_ID, fault.getExceptionCode())
                    + " as UnexpectedErrorFault";
        }
        throw new AssertionError("the session still works");
    }
}
