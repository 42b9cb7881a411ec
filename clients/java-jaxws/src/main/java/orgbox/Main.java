package orgbox;

/** Takes both clients through their steps. Exit code 0 only if every step held. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        String url = arguments[0];
        String version = arguments[1];
        boolean enterprise = new EnterpriseClient(url, "jaxws-rt " + version).run();
        boolean partner = new PartnerClient(url, "jaxws-rt " + version).run();
        if (!(enterprise && partner)) {
            System.exit(1);
        }
    }
}
