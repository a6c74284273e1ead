import { describe } from '@jest/globals';
import { faultMatrix } from '../../support/saga/fault-matrix.js';

describe('at some of the points of each saga', () => {
  faultMatrix((_strike, index) => index % 4 === 1);
});
