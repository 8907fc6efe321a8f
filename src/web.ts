/** The door for browsers: what the neutral root leaves to the host. */
export { type WebRuntimeOptions, webRuntime } from './runtime/web.ts'
export { webStorage } from './storage/web.ts'
