// A disk that can be made full: a file system in memory whose size is set while it is used. Needs root on Linux.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync } from "node:fs";

const ROOMY = "8g";
/** What is left free when it is full. More is written while it is being set: then a little more is tried. */
const LEFT_BYTES = 64 * 1024;
const TRIES_MAX = 20;

export class SmallDisk {
  readonly path: string;

  /** @throws where this process may not mount. */
  constructor(path: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    mount("-t", "tmpfs", "-o", `size=${ROOMY}`, "tmpfs", path);
  }

  fill(): void {
    for (let tries = 1; ; tries++) {
      const { blocks, bfree, bsize } = statfsSync(this.path);
      try {
        this.resize(String((blocks - bfree) * bsize + tries * LEFT_BYTES));
        return;
      } catch (error) {
        if (tries === TRIES_MAX) throw error;
      }
    }
  }

  /** Room again. */
  clear(): void {
    this.resize(ROOMY);
  }

  remove(): void {
    execFileSync("umount", [this.path]);
    rmSync(this.path, { recursive: true });
  }

  private resize(size: string): void {
    mount("-o", `remount,size=${size}`, this.path);
  }
}

function mount(...options: readonly string[]): void {
  execFileSync("mount", options, { stdio: ["ignore", "ignore", "pipe"] });
}
