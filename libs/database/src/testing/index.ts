export type { ConformanceCase, SagaCapability } from './saga/conformance-case.js';
export { ConformanceFailure } from './saga/conformance-failure.js';
export type {
  ConformanceEffects,
  ConformanceInstance,
  ConformanceInstanceOptions,
  ConformanceLine,
  SagaEngineHarness,
} from './saga/conformance-harness.js';
export { type ConformanceOptions, sagaEngineConformance } from './saga/saga-engine-conformance.js';
