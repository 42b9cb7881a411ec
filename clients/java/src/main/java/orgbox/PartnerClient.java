package orgbox;

import static orgbox.Report.same;

import com.sforce.soap.partner.Connector;
import com.sforce.soap.partner.DescribeSObjectResult;
import com.sforce.soap.partner.Error;
import com.sforce.soap.partner.PartnerConnection;
import com.sforce.soap.partner.QueryResult;
import com.sforce.soap.partner.SaveResult;
import com.sforce.soap.partner.fault.ExceptionCode;
import com.sforce.soap.partner.fault.MalformedQueryFault;
import com.sforce.soap.partner.fault.UnexpectedErrorFault;
import com.sforce.soap.partner.sobject.SObject;
import com.sforce.ws.ConnectorConfig;
import java.util.Arrays;

/** The partner stubs that Salesforce publishes, as they are. */
final class PartnerClient {
    private final Report report = new Report("partner");
    private final ConnectorConfig config = new ConnectorConfig();
    private PartnerConnection connection;
    private String me;
    private String invitationId;

    PartnerClient(String url) {
        config.setAuthEndpoint(url + "/services/Soap/u/65.0");
        config.setUsername(Main.USER);
        config.setPassword(Main.PASSWORD);
    }

    boolean run() {
        String colleague = Main.address("new", "acme.com");
        String customer = Main.address("bob", "external.com");
        report.step("signs in", this::signIn);
        report.step("invites a colleague", () -> invite(me, colleague));
        report.step("finds the invitation", () -> find(colleague));
        report.step("is refused an outsider", () -> refused(customer));
        report.step("asks without the closing quote", this::malformed);
        report.step("invites a customer to the group", () -> invite(group(), customer));
        report.step("finds the customer's invitation", () -> find(customer));
        report.step("describes the object", this::describe);
        report.step("cancels the invitation", this::cancel);
        report.step("signs out", this::signOut);
        return report.held();
    }

    private String signIn() throws Exception {
        connection = Connector.newConnection(config);
        me = connection.getUserInfo().getUserId();
        return same(Main.USER, connection.getUserInfo().getUserName());
    }

    private SaveResult create(String sharedEntityId, String address) throws Exception {
        SObject invitation = new SObject("CollaborationInvitation");
        invitation.setField("SharedEntityId", sharedEntityId);
        invitation.setField("InvitedUserEmail", address);
        return connection.create(new SObject[] {invitation})[0];
    }

    private String invite(String sharedEntityId, String address) throws Exception {
        SaveResult result = create(sharedEntityId, address);
        same("[]", Arrays.toString(result.getErrors()));
        invitationId = result.getId();
        return invitationId;
    }

    private String group() throws Exception {
        String soql = "select id from collaborationgroup where name = '" + Main.GROUP + "'";
        return connection.query(soql).getRecords()[0].getId();
    }

    private String find(String address) throws Exception {
        QueryResult found =
                connection.query(
                        "SELECT Id, InvitedUserEmail, Status, CreatedBy.Name"
                                + " FROM CollaborationInvitation"
                                + " WHERE InvitedUserEmail = '" + address + "'");
        same(1, found.getSize());
        SObject invitation = found.getRecords()[0];
        same(invitationId, invitation.getId());
        same("Sent", invitation.getField("Status"));
        return same(address, invitation.getField("InvitedUserEmail"))
                + " from " + invitation.getChild("CreatedBy").getField("Name");
    }

    private String refused(String address) throws Exception {
        SaveResult result = create(me, address);
        same(false, result.isSuccess());
        Error error = result.getErrors()[0];
        same("[InvitedUserEmail]", Arrays.toString(error.getFields()));
        return error.getStatusCode() + ": " + error.getMessage();
    }

    private String malformed() throws Exception {
        try {
            connection.query("select id from collaborationgroup where name = '" + Main.GROUP);
        } catch (MalformedQueryFault fault) {
            return same(ExceptionCode.MALFORMED_QUERY, fault.getExceptionCode());
        }
        throw new AssertionError("a query without its closing quote was answered");
    }

    private String describe() throws Exception {
        DescribeSObjectResult described = connection.describeSObject("CollaborationInvitation");
        same("0H1", described.getKeyPrefix());
        same(true, described.isCreateable());
        same(false, described.isUpdateable());
        return described.getFields().length + " fields";
    }

    private String cancel() throws Exception {
        same(true, connection.delete(new String[] {invitationId})[0].isSuccess());
        String soql =
                "SELECT Id FROM CollaborationInvitation"
                        + " WHERE Status = 'Sent' AND Id = '" + invitationId + "'";
        return same(0, connection.query(soql).getRecords().length) + " left";
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
