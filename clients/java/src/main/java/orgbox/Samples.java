package orgbox;

import com.sforce.soap.enterprise.EnterpriseConnection;
import com.sforce.soap.enterprise.Error;
import com.sforce.soap.enterprise.QueryResult;
import com.sforce.soap.enterprise.SaveResult;
import com.sforce.soap.enterprise.sobject.CollaborationInvitation;
import com.sforce.soap.enterprise.sobject.SObject;

/**
 * The Java samples of the CollaborationInvitation page of the Object Reference, word for word, in a
 * class that supplies the insert and query they call.
 */
final class Samples {
    /** A record the service did not save. */
    static final class Refused extends Exception {
        final transient Error error;

        Refused(Error error) {
            super(error.getStatusCode() + ": " + error.getMessage());
            this.error = error;
        }
    }

    private final EnterpriseConnection connection;
    private String insertedId;

    Samples(EnterpriseConnection connection) {
        this.connection = connection;
    }

    /** Id of the record inserted last. */
    String insertedId() {
        return insertedId;
    }

    public void invitePeople(String inviterUserId, String invitedEmail) throws Exception {
        CollaborationInvitation invitation = new CollaborationInvitation();
        invitation.setSharedEntityId(inviterUserId);//pass the userId of the inviter
        invitation.setInvitedUserEmail(invitedEmail);//email of the invited user
        insert(invitation);
    }

    /** As printed: the SOQL lacks its closing quote, so the service answers MALFORMED_QUERY. */
    public void inviteToGroup(String GroupName, String invitedEmail) throws Exception {
        QueryResult qr = query("select id from collaborationgroup where name = '" + 
            GroupName); //pass the group name
        String groupId = qr.getRecords()[0].getId();
        CollaborationInvitation invitation = new CollaborationInvitation();
        invitation.setSharedEntityId(groupId);//pass the groupId
        invitation.setInvitedUserEmail(invitedEmail);//email of the invited user
        insert(invitation);
    }

    /** The same with the quote closed. */
    public void inviteToGroupSoundly(String GroupName, String invitedEmail) throws Exception {
        QueryResult qr = query("select id from collaborationgroup where name = '" + 
            GroupName + "'"); //pass the group name
        String groupId = qr.getRecords()[0].getId();
        CollaborationInvitation invitation = new CollaborationInvitation();
        invitation.setSharedEntityId(groupId);//pass the groupId
        invitation.setInvitedUserEmail(invitedEmail);//email of the invited user
        insert(invitation);
    }

    private void insert(SObject record) throws Exception {
        SaveResult result = connection.create(new SObject[] {record})[0];
        if (!result.isSuccess()) {
            throw new Refused(result.getErrors()[0]);
        }
        insertedId = result.getId();
    }

    private QueryResult query(String soql) throws Exception {
        return connection.query(soql);
    }
}
