package bench;

import bench.api.*;
import jakarta.jws.WebService;
import jakarta.xml.bind.JAXBContext;
import jakarta.xml.ws.Endpoint;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.*;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.*;
import java.util.concurrent.Executors;
import java.util.regex.*;
import javax.xml.datatype.DatatypeFactory;

/** A peer: JAX-WS RI with SQLite, behind the JDK's own server. usage: Server PORT DATABASE CONTRACT */
@WebService(endpointInterface = "bench.api.Soap", targetNamespace = "urn:enterprise.soap.sforce.com",
        serviceName = "SforceService", portName = "Soap")
public class Server implements Soap {
    private static final String SELECT = "SELECT Id, InvitedUserEmail, Status, CreatedDate, InviterId,"
            + " SharedEntityId, OptionalMessage FROM invitation";
    private static final Pattern WHERE = Pattern.compile("WHERE InvitedUserEmail = '([^']*)'");
    private static final Pattern LIMIT = Pattern.compile("LIMIT (\\d+)");

    private final ThreadLocal<Store> stores;
    private final Map<String, DescribeSObjectResult> described = new HashMap<>();
    private final ObjectFactory factory = new ObjectFactory();
    private final DatatypeFactory datatypes = DatatypeFactory.newInstance();
    private final SecureRandom random = new SecureRandom();

    Server(String database, Path contract) throws Exception {
        stores = ThreadLocal.withInitial(() -> new Store(database));
        Object read = JAXBContext.newInstance(ObjectFactory.class).createUnmarshaller()
                .unmarshal(contract.resolve("describe.xml").toFile());
        for (DescribeSObjectResult each : ((DescribeSObjectsResponse) read).getResult()) {
            described.put(each.getName(), each);
        }
    }

    public static void main(String[] given) throws Exception {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        Endpoint endpoint = Endpoint.create(new Server(given[1], Path.of(given[2])));
        endpoint.setExecutor(Executors.newFixedThreadPool(8));
        endpoint.publish("http://127.0.0.1:" + given[0] + "/services/Soap/c/66.0");
    }

    /** A thread's connection with its prepared statements. */
    private static final class Store {
        final Connection connection;
        private final Map<String, PreparedStatement> prepared = new HashMap<>();

        Store(String database) {
            try {
                connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                try (Statement pragma = connection.createStatement()) {
                    pragma.execute("PRAGMA journal_mode = WAL");
                    pragma.execute("PRAGMA synchronous = FULL");
                    pragma.execute("PRAGMA busy_timeout = 6000");
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        PreparedStatement statement(String sql, Object... values) throws SQLException {
            PreparedStatement statement = prepared.get(sql);
            if (statement == null) {
                statement = connection.prepareStatement(sql);
                prepared.put(sql, statement);
            }
            for (int n = 0; n < values.length; n++) {
                statement.setObject(n + 1, values[n]);
            }
            return statement;
        }
    }

    private interface Work<T> {
        T run(Store store) throws SQLException;
    }

    private <T> T with(Work<T> work) {
        try {
            return work.run(stores.get());
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private String userOf(SessionHeader header) {
        String session = header == null ? "" : header.getSessionId();
        return with(store -> {
            try (ResultSet row = store.statement("SELECT user_id FROM sessions WHERE id = ?", session)
                    .executeQuery()) {
                if (!row.next()) {
                    throw new IllegalArgumentException("INVALID_SESSION_ID");
                }
                return row.getString(1);
            }
        });
    }

    private String randomText(int length) {
        String letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        StringBuilder made = new StringBuilder(length);
        while (made.length() < length) {
            made.append(letters.charAt(random.nextInt(62)));
        }
        return made.toString();
    }

    @Override
    public LoginResult login(String username, String password) {
        return with(store -> {
            String user;
            try (ResultSet row = store.statement(
                    "SELECT id FROM users WHERE username = ? AND password = ?", username, password)
                    .executeQuery()) {
                if (!row.next()) {
                    throw new IllegalArgumentException("INVALID_LOGIN");
                }
                user = row.getString(1);
            }
            LoginResult result = factory.createLoginResult();
            result.setSessionId("00D!" + randomText(96));
            result.setUserId(user);
            store.statement("INSERT INTO sessions VALUES (?, ?)", result.getSessionId(), user)
                    .executeUpdate();
            return result;
        });
    }

    @Override
    public List<SaveResult> create(List<SObject> records, SessionHeader header) {
        String user = userOf(header);
        String now = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replace("Z", ".000Z");
        return with(store -> {
            List<SaveResult> results = new ArrayList<>(records.size());
            store.connection.setAutoCommit(false);
            for (SObject record : records) {
                CollaborationInvitation o = (CollaborationInvitation) record;
                String email = o.getInvitedUserEmail().getValue();
                String message = o.getOptionalMessage() == null ? null : o.getOptionalMessage().getValue();
                SaveResult result = factory.createSaveResult();
                result.setId("0H1" + randomText(15));
                result.setSuccess(true);
                results.add(result);
                store.statement(
                        "INSERT INTO invitation VALUES (?, NULL, ?, ?, ?, ?, 'Sent', ?, ?, ?, ?, ?, ?)",
                        result.getId(), o.getSharedEntityId().getValue(), user, email, email, message,
                        now, user, now, user, now).addBatch();
            }
            store.statement(
                    "INSERT INTO invitation VALUES (?, NULL, ?, ?, ?, ?, 'Sent', ?, ?, ?, ?, ?, ?)")
                    .executeBatch();
            store.connection.commit();
            store.connection.setAutoCommit(true);
            return results;
        });
    }

    @Override
    public QueryResult query(String soql, SessionHeader header) {
        userOf(header);
        Matcher where = WHERE.matcher(soql);
        Matcher limit = LIMIT.matcher(soql);
        return with(store -> {
            PreparedStatement statement = where.find()
                    ? store.statement(SELECT + " WHERE InvitedUserEmail = ?", where.group(1))
                    : store.statement(SELECT + " LIMIT ?",
                            limit.find() ? Integer.parseInt(limit.group(1)) : 2000);
            QueryResult result = factory.createQueryResult();
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    result.getRecords().add(record(row));
                }
            }
            result.setDone(true);
            result.setSize(result.getRecords().size());
            return result;
        });
    }

    @Override
    public List<SObject> retrieve(String fieldList, String type, List<String> ids, SessionHeader header) {
        userOf(header);
        return with(store -> {
            List<SObject> found = new ArrayList<>(ids.size());
            for (String id : ids) {
                try (ResultSet row = store.statement(SELECT + " WHERE Id = ?", id).executeQuery()) {
                    found.add(row.next() ? record(row) : null);
                }
            }
            return found;
        });
    }

    @Override
    public List<DescribeSObjectResult> describeSObjects(List<String> names, SessionHeader header) {
        userOf(header);
        return names.stream().map(described::get).toList();
    }

    private CollaborationInvitation record(ResultSet row) throws SQLException {
        CollaborationInvitation made = factory.createCollaborationInvitation();
        made.setId(row.getString(1));
        made.setInvitedUserEmail(
                factory.createCollaborationInvitationInvitedUserEmail(row.getString(2)));
        made.setStatus(factory.createCollaborationInvitationStatus(row.getString(3)));
        made.setCreatedDate(factory.createCollaborationInvitationCreatedDate(
                datatypes.newXMLGregorianCalendar(row.getString(4))));
        made.setInviterId(factory.createCollaborationInvitationInviterId(row.getString(5)));
        made.setSharedEntityId(factory.createCollaborationInvitationSharedEntityId(row.getString(6)));
        made.setOptionalMessage(
                factory.createCollaborationInvitationOptionalMessage(row.getString(7)));
        return made;
    }
}
