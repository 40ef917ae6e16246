// SPDX-License-Identifier: GPL-2.0-or-later
import java.io.BufferedOutputStream;
import java.io.FileOutputStream;
import java.io.FileDescriptor;
import java.io.PrintStream;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReader;
import java.lang.module.ModuleReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What the virtual machine says of every class of its image, a line each; run with --add-modules ALL-SYSTEM. */
final class Reflect {
	private static String slashed(Class<?> c) {
		return c == null ? "-" : c.getName().replace('.', '/');
	}

	private static String list(Class<?>[] classes) {
		return classes == null ? "-" : Arrays.stream(classes).map(Reflect::slashed).collect(Collectors.joining(",", "[", "]"));
	}

	/** The flight recorder adds methods to its events when they are loaded. */
	private static boolean isEvent(Class<?> c) {
		return c != null && (c.getName().equals("jdk.internal.event.Event") || isEvent(c.getSuperclass()));
	}

	private static String describe(Class<?> c) {
		final String exported = c.getModule().isExported(c.getPackageName()) ? "exported" : "inside";
		final String members = isEvent(c) ? "event"
			: "methods " + (c.getDeclaredMethods().length + c.getDeclaredConstructors().length);
		return String.join(" ", slashed(c), c.getModule().getName(), exported, slashed(c.getSuperclass()), list(c.getInterfaces()),
			slashed(c.getNestHost()), list(c.getPermittedSubclasses()), members);
	}

	public static void main(String[] arguments) throws Exception {
		final List<String> lines = new ArrayList<>();
		for (ModuleReference reference : ModuleFinder.ofSystem().findAll()) {
			try (ModuleReader reader = reference.open()) {
				for (String entry : (Iterable<String>) reader.list()::iterator) {
					if (!entry.endsWith(".class") || entry.equals("module-info.class")) {
						continue;
					}
					final String name = entry.substring(0, entry.length() - 6).replace('/', '.');
					lines.add(describe(Class.forName(name, false, ClassLoader.getSystemClassLoader())));
				}
			}
		}
		try (PrintStream out = new PrintStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)), false, "UTF-8")) {
			lines.forEach(line -> out.print(line + "\n"));
		}
	}
}
