'use strict';
// What every Node client of the matrix does: the steps in their order, one line for each.

const assert = require('node:assert/strict');
const { randomUUID } = require('node:crypto');

const STEPS = [
  'login', 'invite', 'refused', 'query', 'queryMore', 'retrieve', 'describe', 'delete', 'logout', 'expired',
];
const SOBJECT = 'CollaborationInvitation';
const FIELDS = 'Id, InvitedUserEmail, Status';
const run = `run${randomUUID().replaceAll('-', '').slice(0, 12)}`;
const colleague = (n) => `${run}.${String(n).padStart(3, '0')}@acme.com`;

/** The actual value; throws unless it is the expected one. */
function same(expected, actual) {
  assert.deepEqual(actual, expected);
  return actual;
}

/**
 * Takes the driver's steps: functions that return what they saw, or why the client has no such function.
 * The exit code is 0 only if every step held.
 */
async function take(dialect, library, driver) {
  console.log('client', dialect, library);
  for (const step of STEPS) {
    if (typeof driver[step] === 'string') {
      console.log('n/a', step, driver[step]);
      continue;
    }
    try {
      console.log('ok', step, await driver[step]());
    } catch (error) {
      process.exitCode = 1;
      console.log('FAIL', step, String(error).replaceAll('\n', ' '));
    }
  }
}

module.exports = {
  USER: 'alice@acme.com',
  PASSWORD: 'orgbox1!',
  SOBJECT,
  FIELDS,
  OUTSIDER: `${run}@external.com`,
  COLLEAGUES: Array.from({ length: 200 }, (_, n) => colleague(n)),
  ONE_MORE: colleague(200),
  SOQL: `SELECT ${FIELDS} FROM ${SOBJECT} WHERE InvitedUserEmail LIKE '${run}%' ORDER BY InvitedUserEmail`,
  same,
  take,
};
