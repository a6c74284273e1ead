export type { LoggedAction } from './action-log.js';
export type { Fault } from './fault.js';
export { FaultProxy, type FaultProxyOptions } from './fault-proxy.js';
export { encodeError, encodeFrame, type ServerError } from './postgres-frames.js';
export type { ReplyAction, ReplyMatch, RequestAction, RequestMatch } from './postgres-rules.js';
export {
  bandwidth,
  type Cut,
  type Direction,
  drop,
  latency,
  limitData,
  silence,
  slicer,
  slowClose,
  stall,
  type Toxic,
} from './toxics.js';
