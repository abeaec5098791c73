package io.github.popgate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The README's examples, as they stand save for the ports, each with a gateway, a sample mailbox and a process of its own. */
class ReadmeTest {
    private static final Pattern BLOCK = Pattern.compile("^```java\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
    private static final String CLASSES = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));

    // How many lines each example prints of the sample mailbox, and how many messages it writes; the second is only compiled.
    private static final int[] LINES = {5, -1, 5, 0, 2, 5};
    private static final int[] WRITTEN = {0, -1, 0, 5, 0, 0};

    @TempDir
    Path folder;

    @TestFactory
    List<DynamicTest> examples() throws IOException {
        List<String> blocks = BLOCK.matcher(Files.readString(Path.of("README.md"))).results().map(block -> block.group(1)).toList();
        assertEquals(LINES.length, blocks.size());
        // What the first one defines the others use.
        String[] first = blocks.get(0).split("\n");
        String preamble = String.join("\n", Arrays.stream(first).filter(line -> line.startsWith("        var ")).toList());
        List<DynamicTest> tests = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            int number = i;
            String source = i == 0 ? blocks.get(0) : program(preamble, blocks.get(i));
            tests.add(DynamicTest.dynamicTest("example " + i, () -> run(source, number)));
        }
        return tests;
    }

    /** Makes a program of the statements of an example. */
    private static String program(String preamble, String example) {
        List<String> imports = new ArrayList<>(List.of("import io.github.popgate.v1.*;"));
        List<String> statements = new ArrayList<>(List.of(preamble));
        for (String line : example.split("\n")) {
            (line.startsWith("import ") ? imports : statements).add(line);
        }
        return String.join("\n", imports) + "\npublic class Example {\npublic static void main(String[] arguments) throws Exception {\n"
                + String.join("\n", statements) + "\n}\n}\n";
    }

    private void run(String source, int number) throws Exception {
        try (Gateway gateway = Gateway.demo()) {
            Path place = Files.createDirectory(folder.resolve(String.valueOf(number)));
            Path file = place.resolve("Example.java");
            Files.writeString(file, source.replace("127.0.0.1:9110", gateway.target()).replace("9111", String.valueOf(gateway.port())));
            String[] javac = {"-Xlint:all,-try", "-Werror", "-proc:none", "-cp", CLASSES, "-d", place.toString(), file.toString()};
            assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, javac), source);
            if (LINES[number] < 0) {
                return;
            }
            String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
            Path errors = place.resolve("errors");
            ProcessBuilder example = new ProcessBuilder(java, "-cp", place + ":" + CLASSES, "Example")
                    .directory(place.toFile())
                    .redirectError(errors.toFile());
            String printed;
            int status;
            do { // One logs in twice, and the mailbox may still be in use by its first time.
                Process process = example.start();
                printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
                status = process.waitFor();
            } while (status != 0 && Files.readString(errors).contains("another session has the maildrop"));
            assertEquals(0, status, Files.readString(errors));
            assertEquals(LINES[number], printed.lines().count(), printed);
            Path mail = place.resolve("mail");
            try (Stream<Path> written = Files.exists(mail) ? Files.list(mail) : Stream.empty()) {
                assertEquals(WRITTEN[number], written.count());
            }
        }
    }
}
