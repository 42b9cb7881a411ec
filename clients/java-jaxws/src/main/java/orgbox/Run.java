package orgbox;

import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;

/** The addresses one run of a client invites, which no other run does, and what it asks for. */
final class Run {
    static final String USER = "alice@acme.com";
    static final String PASSWORD = "orgbox1!";
    static final String SOBJECT = "CollaborationInvitation";
    static final String FIELDS = "Id, InvitedUserEmail, Status";

    private final String name = "run" + UUID.randomUUID().toString().replace("-", "").substring(0, 12);
    final String outsider = name + "@external.com";
    final List<String> colleagues = IntStream.range(0, 200).mapToObj(this::colleague).toList();
    final String oneMore = colleague(200);
    final String soql =
            "SELECT " + FIELDS + " FROM " + SOBJECT
                    + " WHERE InvitedUserEmail LIKE '" + name + "%' ORDER BY InvitedUserEmail";

    private String colleague(int number) {
        return String.format("%s.%03d@acme.com", name, number);
    }
}
