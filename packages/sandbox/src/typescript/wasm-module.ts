/** A compiled WebAssembly module; the types of this package do not name the platform's own class. */
export type WasmModule = object;
