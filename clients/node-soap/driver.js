'use strict';
// node-soap on the WSDL the service hands out; either dialect.

const soap = require('soap');
const { version } = require('soap/package.json');
const {
  USER, PASSWORD, SOBJECT, FIELDS, OUTSIDER, COLLEAGUES, ONE_MORE, SOQL, same, take,
} = require('../matrix_steps');

const [url, dialect] = process.argv.slice(2);
const path = `${url}/services/Soap/${dialect === 'enterprise' ? 'c' : 'u'}/66.0`;
const namespace = `urn:${dialect}.soap.sforce.com`;
let client;
let session;
let me;
let batch;

/** The result of a call; what may repeat is a list. */
async function call(name, message, many = false) {
  const [answer] = await client[`${name}Async`](message);
  return many ? [answer.result].flat() : answer.result;
}

const invitation = (address) =>
  dialect === 'enterprise'
    ? {
        attributes: { 'xsi:type': `ens:${SOBJECT}` },
        SharedEntityId: me,
        InvitedUserEmail: address,
      }
    : { 'ens:type': SOBJECT, 'ens:SharedEntityId': me, 'ens:InvitedUserEmail': address };

const create = (...addresses) => call('create', { sObjects: addresses.map(invitation) }, true);
/** Id stands twice in records of the partner dialect. */
const idOf = (record) => [record.Id].flat()[0];

const driver = {
  async login() {
    client = await soap.createClientAsync(`${path}?wsdl`, { endpoint: path });
    const result = await call('login', { username: USER, password: PASSWORD });
    client.setEndpoint(result.serverUrl);
    session = { SessionHeader: { sessionId: result.sessionId } };
    client.addSoapHeader(session, '', 'tns', namespace);
    me = result.userId;
    return same(USER, result.userInfo.userName);
  },

  async invite() {
    const saved = await create(...COLLEAGUES);
    same(200, saved.filter((result) => result.success).length);
    return `${saved.length} colleagues`;
  },

  async refused() {
    const [refused, other] = await create(OUTSIDER, ONE_MORE);
    same([false, true], [refused.success, other.success]);
    const [error] = [refused.errors].flat();
    same(['InvitedUserEmail'], [error.fields].flat());
    return same('FIELD_INTEGRITY_EXCEPTION', error.statusCode);
  },

  async query() {
    client.addSoapHeader({ QueryOptions: { batchSize: 200 } }, '', 'tns', namespace);
    batch = await call('query', { queryString: SOQL });
    same([false, 201], [batch.done, Number(batch.size)]);
    same(COLLEAGUES, batch.records.map((record) => record.InvitedUserEmail));
    return `${batch.records.length} of ${batch.size}`;
  },

  async queryMore() {
    const rest = await call('queryMore', { queryLocator: batch.queryLocator });
    same(true, rest.done);
    return same([ONE_MORE], [rest.records].flat().map((record) => record.InvitedUserEmail))[0];
  },

  async retrieve() {
    const asked = { fieldList: FIELDS, sObjectType: SOBJECT, ids: [idOf(batch.records[0])] };
    const [record] = await call('retrieve', asked, true);
    same(COLLEAGUES[0], record.InvitedUserEmail);
    return same('Sent', record.Status);
  },

  async describe() {
    const described = await call('describeSObject', { sObjectType: SOBJECT });
    same([true, false], [described.createable, described.updateable]);
    return same('0H1', described.keyPrefix);
  },

  async delete() {
    const [deleted] = await call('delete', { ids: [idOf(batch.records[0])] }, true);
    same(true, deleted.success);
    return same(idOf(batch.records[0]), deleted.id);
  },

  async logout() {
    await client.logoutAsync({});
    return 'signed out';
  },

  async expired() {
    const { Fault } = (await call('getUserInfo', {}).catch((error) => error)).root.Envelope.Body;
    same('INVALID_SESSION_ID', Fault.detail.UnexpectedErrorFault.exceptionCode);
    return `${same('sf:INVALID_SESSION_ID', Fault.faultcode)} with UnexpectedErrorFault`;
  },
};

take(dialect, `soap ${version}`, driver);
