package orgbox;

/** Takes both clients through their calls. Exit code 0 only if every step held. */
public final class Main {
    static final String USER = "alice@acme.com";
    static final String PASSWORD = "orgbox1!";
    static final String GROUP = "All acme.com";

    private Main() {}

    public static void main(String[] arguments) {
        String url = arguments[0];
        boolean enterprise = new EnterpriseClient(url).run();
        boolean partner = new PartnerClient(url).run();
        if (!(enterprise && partner)) {
            System.exit(1);
        }
    }

    /** An address that nobody has been invited by. */
    static String address(String name, String domain) {
        return name + "." + Long.toString(System.nanoTime(), 36) + "@" + domain;
    }
}
