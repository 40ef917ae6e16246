// SPDX-License-Identifier: GPL-2.0-or-later
// The driver of the oracle (oracle.c, README.md): one loader per class judged.

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * What a class under judgement sees: java.* from the boot loader, then the class path, each class of which this loader
 * defines when it is first asked for, then the image. With IMAGE on the class path, classes of the image outside java.*
 * are defined here too: the judged class and its neighbours are then one run-time package.
 */
final class Oracle extends ClassLoader {
	private static final ClassLoader SYSTEM = ClassLoader.getSystemClassLoader();
	private static final List<ZipFile> jars = new ArrayList<>();
	private static boolean image;
	private static final Map<String, byte[]> siblings = new HashMap<>();
	private static final byte[] NONE = new byte[0];

	/** Internal name of the sibling that could not be defined, and of the first class that nobody has. Read by oracle.c. */
	private String broken, missing;

	private Oracle() {
		super(SYSTEM);
	}

	private static byte[] find(String name) throws IOException {
		byte[] bytes = siblings.get(name);
		if (bytes != null)
			return bytes;
		String path = name.replace('.', '/') + ".class";
		for (ZipFile jar : jars) {
			ZipEntry entry = jar.getEntry(path);
			if (entry != null) {
				bytes = jar.getInputStream(entry).readAllBytes();
				break;
			}
		}
		if (bytes == null && image) {
			try (var in = Object.class.getResourceAsStream("/" + path)) {
				bytes = in == null ? null : in.readAllBytes();
			}
			if (bytes == null) {
				try (var in = SYSTEM.getResourceAsStream(path)) {
					bytes = in == null ? null : in.readAllBytes();
				}
			}
		}
		siblings.put(name, bytes == null ? NONE : bytes);
		return siblings.get(name);
	}

	@Override
	public Class<?> loadClass(String name) throws ClassNotFoundException {
		byte[] bytes = NONE;
		try {
			if (!name.startsWith("java."))
				bytes = find(name);
		} catch (IOException e) {
			throw new IllegalStateException(e);
		}
		if (bytes == NONE) {
			try {
				return SYSTEM.loadClass(name);
			} catch (ClassNotFoundException e) {
				if (missing == null)
					missing = name.replace('.', '/');
				throw e;
			}
		}
		Class<?> loaded = findLoadedClass(name);
		if (loaded != null)
			return loaded;
		try {
			return defineClass(name, bytes, 0, bytes.length);
		} catch (LinkageError e) {
			if (broken == null)
				broken = name.replace('.', '/');
			throw e;
		}
	}

	/** Judges the stream on standard input and writes verdicts to a file; returns the number of classes. */
	private static native long judge(String who, String output, boolean resident, long skip);

	/** Oracle LIBRARY VERDICTS [resident] [skip N] [CLASSPATH-ENTRY...] */
	public static void main(String[] args) throws IOException {
		System.load(args[0]);
		boolean resident = false;
		long skip = 0;
		for (int i = 2; i < args.length; i++) {
			if (args[i].equals("resident"))
				resident = true;
			else if (args[i].equals("skip"))
				skip = Long.parseLong(args[++i]);
			else if (args[i].equals("IMAGE"))
				image = true;
			else
				jars.add(new ZipFile(args[i]));
		}
		String who = System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version");
		long began = System.nanoTime(), count = judge(who, args[1], resident, skip);
		double seconds = (System.nanoTime() - began) / 1e9;
		System.err.printf("oracle: %d classes, %.1f s, %.0f/s%n", count, seconds, count / seconds);
	}
}
