package orgbox;

/** Says what each step did, one line each, and remembers whether all of them held. */
final class Report {
    /** What a step does; returns what it saw. */
    interface Step {
        String run() throws Exception;
    }

    private final String client;
    private boolean held = true;

    Report(String client) {
        this.client = client;
    }

    /** Runs the step. Those that follow one that failed are not run: they build on it. */
    void step(String name, Step step) {
        if (!held) {
            return;
        }
        try {
            System.out.printf("ok      %s %s: %s%n", client, name, step.run());
        } catch (Exception | AssertionError failure) {
            held = false;
            System.out.printf("NOT OK  %s %s: %s%n", client, name, failure);
        }
    }

    boolean held() {
        return held;
    }

    /** Throws unless the two are equal; returns the actual one as text. */
    static String same(Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("expected " + expected + ", got " + actual);
        }
        return String.valueOf(actual);
    }
}
