// `npm start`: the shop on this machine, the production bundle in plain workerd, with a sample to look at.
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { oneKey } from "./keys.ts";
import { loadSample } from "./sample/load.ts";
import { progressPrinter } from "./sample/printer.ts";
import {
  DirectoryInUseError,
  objectsPerSecond,
  PortTakenError,
  type Server,
  startServer,
} from "./server/index.ts";

const HELP = `npm start -- [options]

  --port N      port on 127.0.0.1 (8787; 0: any free one)
  --dir DIR     state, keys and the progress of the load (.shelfwise)
  --no-sample   an empty shop
  --help        this

WRITE_KEY and SECRET_KEY in the environment are used when set; otherwise a pair is made once and kept in DIR.`;

/** A customer and an article of the sample with a long history. */
const SAMPLE_CUSTOMER = "14911";
const SAMPLE_SKU = "22423";
/** Objects open at a time, about a quarter of a megabyte each, and files beside theirs. */
const OBJECTS_MAX = 1_800;
const FILES_OF_OTHERS = 200;

interface Options {
  readonly port: number;
  readonly dir: string;
  readonly sample: boolean;
}

/** Undefined when only help was asked for. @throws with what is wrong with the arguments. */
function optionsOf(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      port: { type: "string", default: "8787" },
      dir: { type: "string", default: ".shelfwise" },
      sample: { type: "boolean", default: true },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new Error(`--port ${values.port} is not a port`);
  return { port, dir: values.dir, sample: values.sample };
}

/** @returns the code to exit with. */
async function main(): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stopping.abort());
  const options = optionsOf(process.argv.slice(2));
  if (!options) {
    console.log(HELP);
    return 0;
  }
  console.log("Starting Shelfwise ...");
  const server = await startServer(options);
  const running = (async () => {
    if (options.sample) await load(server, options.dir, stopping.signal);
    console.log(welcome(server, options.sample));
    await aborted(stopping.signal);
  })();
  const crashed = server.exited.then(({ code, signal, lastLines }) => {
    throw new Error([`workerd ended (${signal ?? `code ${code}`})`, ...lastLines].join("\n"));
  });
  try {
    await Promise.race([running, crashed, aborted(stopping.signal)]);
    return 0;
  } finally {
    stopping.abort();
    console.log("Stopping ...");
    await server.stop();
    await running.catch(() => {});
  }
}

async function load(server: Server, dir: string, signal: AbortSignal): Promise<void> {
  const printer = progressPrinter(process.stdout);
  const began = Date.now();
  const { loaded, orders, orderLines } = await loadSample({
    url: server.url,
    secretKey: oneKey(server.keys.secretKey),
    dir,
    objectsPerSecond: objectsPerSecond(FILES_OF_OTHERS, OBJECTS_MAX),
    signal,
    onProgress: printer.show,
  });
  printer.end();
  if (!loaded) return;
  const seconds = Math.round((Date.now() - began) / 1000);
  console.log(
    `Loaded ${orders.toLocaleString("en")} orders, ${orderLines.toLocaleString("en")} lines in ${seconds} s.`,
  );
}

function welcome({ url, keys }: Server, sample: boolean): string {
  const write = oneKey(keys.writeKey);
  const secret = oneKey(keys.secretKey);
  const kept = keys.file === undefined ? "from the environment" : `kept in ${relative(".", keys.file)}`;
  const event = {
    event: "Product Viewed",
    anonymousId: "visitor-1",
    properties: { product_id: SAMPLE_SKU, name: "Regency Cakestand 3 Tier", price: 12.75, currency: "GBP" },
  };
  const samples = sample
    ? `
Customer ${SAMPLE_CUSTOMER} and SKU ${SAMPLE_SKU} of the sample are worth a look; then what to order today:

curl '${url}/v1/users/${SAMPLE_CUSTOMER}' -H 'Authorization: Bearer ${secret}'
curl '${url}/v1/inventory/${SAMPLE_SKU}/forecast' -H 'Authorization: Bearer ${secret}'
curl '${url}/v1/replenishment?status=order_now&limit=5' -H 'Authorization: Bearer ${secret}'
`
    : `
The shop is empty: lists fill as visitors come by products, within some ten seconds.
`;
  return `
Shelfwise runs: ${url}

Keys (${kept}):
  write   ${write}   public: browsers and apps
  secret  ${secret}   servers only

A visitor looks at a product, and the next recommendations know:

curl '${url}/v1/track' -H 'Authorization: Bearer ${write}' -H 'Content-Type: application/json' -d '${JSON.stringify(event)}'
curl '${url}/v1/recommendations?anonymous_id=visitor-1&limit=5' -H 'Authorization: Bearer ${write}'
${samples}
Ctrl-C stops it; the next start continues here.`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener("abort", () => done(), { once: true });
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  const expected = error instanceof PortTakenError || error instanceof DirectoryInUseError;
  console.error(expected ? error.message : error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
