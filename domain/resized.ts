type Column = Uint8Array | Int32Array | Uint32Array | Float64Array;

/** A column of another length with what was in it, as far as there is room; what is new is 0. */
export function resized<C extends Column>(column: C, length: number): C {
  const result = new (column.constructor as new (length: number) => C)(length);
  result.set(column.subarray(0, length));
  return result;
}
