// Shows a load's progress: one line that is rewritten on a terminal, a line now and then elsewhere.
import type { WriteStream } from "node:tty";
import type { LoadState } from "./load.ts";

const TERMINAL_MS = 200;
const PLAIN_MS = 5_000;

export interface ProgressPrinter {
  readonly show: (state: LoadState) => void;
  /** Leaves the last line standing. */
  readonly end: () => void;
}

export function progressPrinter(
  out: NodeJS.WritableStream & Partial<Pick<WriteStream, "isTTY">>,
  clock: () => number = Date.now,
): ProgressPrinter {
  const began = clock();
  const interval = out.isTTY ? TERMINAL_MS : PLAIN_MS;
  let last = began;
  let shown = false;
  return {
    show(state) {
      const now = clock();
      if (now - last < interval) return;
      last = now;
      shown = true;
      const line = lineOf(state, Math.round((now - began) / 1000));
      out.write(out.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
    },
    end() {
      if (shown && out.isTTY) out.write("\n");
    },
  };
}

function lineOf({ step, share, events, eventsAll }: LoadState, seconds: number): string {
  const doing = {
    products: "products",
    events: `orders ${events.toLocaleString("en")} of ${eventsAll.toLocaleString("en")}`,
    stock: "stock",
    settling: "publishing",
  }[step];
  return `Loading the sample shop: ${Math.floor(share * 100)} % (${doing}), ${seconds} s`;
}
