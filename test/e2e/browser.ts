// A real Chromium without anything installed: the one that @sparticuz/chromium packs, with the libraries it brings.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import packed from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

/** System libraries for a machine that lacks them, unpacked once beside the browser itself. */
const LIBRARIES = join(tmpdir(), "shelfwise-chromium-147.0.0");

const USER_AGENT =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36";

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: await packed.executablePath(),
    // A headless browser says that it is one, and is taken for a bot.
    args: [
      `--user-agent=${USER_AGENT}`,
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--font-render-hinting=none",
    ],
    // Else the browser speaks what the machine's settings happen to name, "C" among them.
    env: { ...definedEnvironment(), LANG: "en_GB.UTF-8", LD_LIBRARY_PATH: join(libraries(), "lib") },
  });
}

function libraries(): string {
  if (!existsSync(LIBRARIES)) {
    const archive = join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "../../bin");
    const unpacked = mkdtempSync(`${LIBRARIES}-`);
    mkdirSync(unpacked, { recursive: true });
    execFileSync("tar", ["-x", "-C", unpacked], {
      input: brotliDecompressSync(readFileSync(join(archive, "al2023.tar.br"))),
    });
    // In one step, so that another run finds all of it or nothing.
    try {
      renameSync(unpacked, LIBRARIES);
    } catch (error) {
      if (!existsSync(LIBRARIES)) throw error;
    }
  }
  return LIBRARIES;
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}
