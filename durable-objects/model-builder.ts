import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env.ts";

export class ModelBuilder extends DurableObject<Env> {}
