package orgbox;

import static orgbox.Report.same;

import com.sforce.soap.enterprise.Connector;
import com.sforce.soap.enterprise.DescribeSObjectResult;
import com.sforce.soap.enterprise.EnterpriseConnection;
import com.sforce.soap.enterprise.QueryResult;
import com.sforce.soap.enterprise.fault.ExceptionCode;
import com.sforce.soap.enterprise.fault.MalformedQueryFault;
import com.sforce.soap.enterprise.fault.UnexpectedErrorFault;
import com.sforce.soap.enterprise.sobject.CollaborationInvitation;
import com.sforce.soap.enterprise.sobject.SObject;
import com.sforce.ws.ConnectorConfig;
import java.util.Arrays;

/** The stubs that wsdlc made from the enterprise WSDL of the running service. */
final class EnterpriseClient {
    private final Report report = new Report("enterprise");
    private final ConnectorConfig config = new ConnectorConfig();
    private EnterpriseConnection connection;
    private Samples samples;
    private String me;

    EnterpriseClient(String url) {
        config.setAuthEndpoint(url + "/services/Soap/c/66.0");
        config.setUsername(Main.USER);
        config.setPassword(Main.PASSWORD);
    }

    boolean run() {
        String colleague = Main.address("new", "acme.com");
        String customer = Main.address("bob", "external.com");
        report.step("signs in", this::signIn);
        report.step("invites a colleague", () -> invite(colleague));
        report.step("finds the invitation", () -> find(colleague));
        report.step("is refused an outsider", () -> refused(customer));
        report.step("invites as printed, quote missing", () -> malformed(customer));
        report.step("invites a customer to the group", () -> inviteCustomer(customer));
        report.step("finds the customer's invitation", () -> find(customer));
        report.step("describes the object", this::describe);
        report.step("cancels the invitation", this::cancel);
        report.step("signs out", this::signOut);
        return report.held();
    }

    private String signIn() throws Exception {
        connection = Connector.newConnection(config);
        samples = new Samples(connection);
        me = connection.getUserInfo().getUserId();
        return same(Main.USER, connection.getUserInfo().getUserName());
    }

    private String invite(String address) throws Exception {
        samples.invitePeople(me, address);
        return samples.insertedId();
    }

    private String find(String address) throws Exception {
        QueryResult found =
                connection.query(
                        "SELECT Id, InvitedUserEmail, Status, CreatedBy.Name"
                                + " FROM CollaborationInvitation"
                                + " WHERE InvitedUserEmail = '" + address + "'");
        same(1, found.getSize());
        CollaborationInvitation invitation = (CollaborationInvitation) found.getRecords()[0];
        same(samples.insertedId(), invitation.getId());
        same("Sent", invitation.getStatus());
        return same(address, invitation.getInvitedUserEmail())
                + " from " + invitation.getCreatedBy().getName();
    }

    private String refused(String address) throws Exception {
        try {
            samples.invitePeople(me, address);
        } catch (Samples.Refused refusal) {
            same("[InvitedUserEmail]", Arrays.toString(refusal.error.getFields()));
            return refusal.getMessage();
        }
        throw new AssertionError("an outsider was invited");
    }

    private String malformed(String address) throws Exception {
        try {
            samples.inviteToGroup(Main.GROUP, address);
        } catch (MalformedQueryFault fault) {
            return same(ExceptionCode.MALFORMED_QUERY, fault.getExceptionCode());
        }
        throw new AssertionError("a query without its closing quote was answered");
    }

    private String inviteCustomer(String address) throws Exception {
        samples.inviteToGroupSoundly(Main.GROUP, address);
        return samples.insertedId();
    }

    private String describe() throws Exception {
        DescribeSObjectResult described = connection.describeSObject("CollaborationInvitation");
        same("0H1", described.getKeyPrefix());
        same(true, described.isCreateable());
        same(false, described.isUpdateable());
        return described.getFields().length + " fields";
    }

    private String cancel() throws Exception {
        String id = samples.insertedId();
        same(true, connection.delete(new String[] {id})[0].isSuccess());
        SObject[] left =
                connection
                        .query("SELECT Id FROM CollaborationInvitation"
                                + " WHERE Status = 'Sent' AND Id = '" + id + "'")
                        .getRecords();
        return same(0, left.length) + " left";
    }

    private String signOut() throws Exception {
        connection.logout();
        try {
            connection.getUserInfo();
        } catch (UnexpectedErrorFault fault) {
            return same(ExceptionCode.INVALID_SESSION_ID, fault.getExceptionCode());
        }
        throw new AssertionError("the session still works");
    }
}
