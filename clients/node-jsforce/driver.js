'use strict';
// jsforce signs in by SOAP, writes by its soap API, and reads by REST.

const jsforce = require('jsforce');
const { USER, PASSWORD, SOBJECT, OUTSIDER, COLLEAGUES, ONE_MORE, same, take } = require('../matrix_steps');

const REST = 'the library does this by REST';
const connection = new jsforce.Connection({ loginUrl: process.argv[2], version: '66.0' });
let me;
let saved;

const create = (...addresses) =>
  connection.soap.create(
    addresses.map((InvitedUserEmail) => ({ type: SOBJECT, SharedEntityId: me, InvitedUserEmail })),
  );

take('partner', `jsforce ${jsforce.VERSION}`, {
  async login() {
    me = (await connection.login(USER, PASSWORD)).id;
    return same(USER, (await connection.soap.getUserInfo()).userName);
  },

  async invite() {
    saved = await create(...COLLEAGUES);
    same(200, saved.filter((result) => result.success).length);
    return `${saved.length} colleagues`;
  },

  async refused() {
    const [refused, other] = await create(OUTSIDER, ONE_MORE);
    same([false, true], [refused.success, other.success]);
    const [error] = refused.errors;
    same(['InvitedUserEmail'], [error.fields].flat());
    return same('FIELD_INTEGRITY_EXCEPTION', error.statusCode);
  },

  query: REST,
  queryMore: REST,
  retrieve: REST,
  describe: REST,

  async delete() {
    const [deleted] = await connection.soap.delete([saved[0].id]);
    same(true, deleted.success);
    return same(saved[0].id, deleted.id);
  },

  async logout() {
    const { accessToken, instanceUrl } = connection;
    this.other = new jsforce.Connection({ accessToken, instanceUrl, version: '66.0' });
    await connection.logout();
    return 'signed out';
  },

  async expired() {
    const error = await this.other.soap.getUserInfo().catch((thrown) => thrown);
    return `${same('sf:INVALID_SESSION_ID', error.errorCode)} as ${error.name}`;
  },
});
