import module from "../build/forecast.wasm";
import { Forecaster } from "./forecast.ts";

let instance: Forecaster | undefined;

/** This isolate's forecaster, made when it is first asked for. */
export function forecaster(): Forecaster {
  instance ??= new Forecaster(module);
  return instance;
}
