package orgbox;

import static orgbox.Report.same;

import com.sforce.soap.enterprise.EnterpriseConnection;
import com.sforce.soap.enterprise.fault.ExceptionCode;
import com.sforce.soap.enterprise.fault.MalformedQueryFault;
import java.util.Arrays;

/** The printed samples, run as they stand by a signed-in client. */
final class SampleSteps {
    private final Report report;
    private final Samples samples;
    private final String me;
    private final Run run = new Run();

    SampleSteps(Report report, EnterpriseConnection connection, String me) {
        this.report = report;
        this.samples = new Samples(connection);
        this.me = me;
    }

    void run() {
        report.step("sample: a colleague is invited", this::invite);
        report.step("sample: an outsider is refused", this::refused);
        report.step("sample: the quote is missing", this::malformed);
        report.step("sample: a customer is invited to a group", this::inviteCustomer);
    }

    private String invite() throws Exception {
        samples.invitePeople(me, run.oneMore);
        return samples.insertedId();
    }

    private String refused() throws Exception {
        try {
            samples.invitePeople(me, run.outsider);
        } catch (Samples.Refused refusal) {
            same("[InvitedUserEmail]", Arrays.toString(refusal.error.getFields()));
            return refusal.getMessage();
        }
        throw new AssertionError("an outsider was invited");
    }

    private String malformed() throws Exception {
        try {
            samples.inviteToGroup(Run.GROUP, run.outsider);
        } catch (MalformedQueryFault fault) {
            return same(ExceptionCode.MALFORMED_QUERY, fault.getExceptionCode());
        }
        throw new AssertionError("a query without its closing quote was answered");
    }

    private String inviteCustomer() throws Exception {
        samples.inviteToGroupSoundly(Run.GROUP, run.outsider);
        return samples.insertedId();
    }
}
