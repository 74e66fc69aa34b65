import assert from 'node:assert';
import { test } from 'node:test';

import schema from '../schema/panel.json';

test('the schema of the settings says what they are', () => {
  assert.equal(schema.type, 'object');
});
