import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A test that hangs, not one on a busy machine. */
const TEST_MS_MAX = 30_000;

/** How much `npm run check:stock` asks of the objects. */
const { STOCK_OPERATIONS, STOCK_SEED } = process.env;
const STOCK = { ...(STOCK_OPERATIONS && STOCK_SEED && { STOCK_OPERATIONS, STOCK_SEED }) };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/{domain,kernels,architecture,reference,scripts}/**/*.test.ts"],
          testTimeout: TEST_MS_MAX,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                WRITE_KEY: "test-write",
                SECRET_KEY: "test-secret",
                MONITOR_GATHER_SECONDS: "0",
                HANDOVER_GATHER_SECONDS: "0",
                ...STOCK,
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/{durable-objects,worker}/**/*.test.ts"],
          setupFiles: ["test/platform.ts"],
          testTimeout: TEST_MS_MAX,
        },
      },
      {
        test: {
          name: "e2e",
          // A busy machine takes its time; what never comes still fails.
          expect: { poll: { timeout: 15_000 } },
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
