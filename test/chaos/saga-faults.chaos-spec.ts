import { describe } from '@jest/globals';
import { faultMatrix } from '../support/saga/fault-matrix.js';

describe('at every point of each saga', () => {
  faultMatrix(() => true);
});
