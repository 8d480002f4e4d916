// What an evaluation prints, and its section of bench/accuracy.md.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const FILE = join(import.meta.dirname, "../../bench/accuracy.md");
const TITLE = "# Accuracy\n\nAs `npm run evaluate` measures it on the data that ships.\n";

/** Lines, printed as they come. */
export class Report {
  private readonly lines: string[] = [];

  say(line: string): void {
    console.log(line);
    this.lines.push(line);
  }

  /** Replaces the section of this name in bench/accuracy.md; other sections stay. */
  save(section: string): void {
    const text = existsSync(FILE) ? readFileSync(FILE, "utf8") : TITLE;
    const [head = TITLE, ...sections] = text.split(/^(?=## )/m);
    const own = `## ${section}\n${this.lines.join("\n").trimEnd()}\n`;
    const others = sections.filter((one) => !one.startsWith(`## ${section}\n`));
    const all = [...others, own].sort((a, b) => (a < b ? -1 : 1)).map((one) => one.trimEnd());
    writeFileSync(FILE, `${[head.trimEnd(), ...all].join("\n\n")}\n`);
  }
}
