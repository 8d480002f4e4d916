declare namespace Cloudflare {
  interface Env extends Omit<import("../durable-objects/env.ts").Env, never> {}
  interface GlobalProps {
    mainModule: typeof import("./index.ts");
  }
}
