// The memory boundary: every address, size and code that the kernels and their host agree on.
// Read by asc (assembly/) and by tsc (kernels/), so it holds unannotated integer constants only.

// One page of WebAssembly memory, bytes.
export const WASM_PAGE_BYTES = 65536;

// Below this address live the compiler's own statics; the regions of a module start here.
export const STATIC_BYTES = 65536;
