package orgbox;

/** Says what each step did, one line each, and remembers whether all of them held. */
final class Report {
    /** What a step does; returns what it saw. */
    interface Step {
        Object run() throws Exception;
    }

    private boolean held = true;

    Report(String dialect, String library) {
        System.out.println("client " + dialect + " " + library);
    }

    void step(String name, Step step) {
        try {
            System.out.println("ok " + name + " " + step.run());
        } catch (Exception | AssertionError failure) {
            held = false;
            System.out.println("FAIL " + name + " " + failure.toString().replace('\n', ' '));
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
