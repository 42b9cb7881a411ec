// A peer: node `soap` with better-sqlite3.   usage: node server.js PORT DATABASE CONTRACT
'use strict'
const crypto = require('crypto')
const fs = require('fs')
const http = require('http')
const path = require('path')
const soap = require('soap')
const Database = require('better-sqlite3')

const [port, database, contract] = process.argv.slice(2)
const db = new Database(database)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')

const findUser = db.prepare('SELECT id FROM users WHERE username = ? AND password = ?')
const keepSession = db.prepare('INSERT INTO sessions VALUES (?, ?)')
const findSession = db.prepare('SELECT user_id FROM sessions WHERE id = ?')
const insert = db.prepare(
  'INSERT INTO invitation VALUES (@Id, NULL, @SharedEntityId, @user, @InvitedUserEmail,' +
  " @InvitedUserEmail, 'Sent', @OptionalMessage, @now, @user, @now, @user, @now)")
const FIELDS = ['Id', 'CreatedDate', 'InvitedUserEmail', 'InviterId', 'OptionalMessage',
  'SharedEntityId', 'Status']
const select = `SELECT ${FIELDS.join(', ')} FROM invitation`
const selectOne = db.prepare(`${select} WHERE InvitedUserEmail = ?`)
const selectBatch = db.prepare(`${select} LIMIT ?`)
const selectIds = db.prepare(`${select} WHERE Id IN (SELECT value FROM json_each(?))`)
const described = new Map(
  JSON.parse(fs.readFileSync(path.join(contract, 'describe.json'), 'utf8')).map(d => [d.name, d]))

function fault (code, text) {
  return { Fault: { faultcode: code, faultstring: text } }
}

function userOf (headers) {
  const session = findSession.get(headers?.SessionHeader?.sessionId ?? '')
  if (!session) throw fault('INVALID_SESSION_ID', 'Invalid Session ID found in SessionHeader')
  return session.user_id
}

function record (row) {
  const fields = { attributes: { 'xsi:type': 'ens:CollaborationInvitation' } }
  for (const name of FIELDS) if (row[name] !== null) fields[`ens:${name}`] = row[name]
  return fields
}

const createAll = db.transaction((rows) => { for (const row of rows) insert.run(row) })

const calls = {
  login ({ username, password }) {
    const user = findUser.get(username, password)
    if (!user) throw fault('INVALID_LOGIN', 'Invalid username, password, security token')
    const sessionId = '00D!' + crypto.randomBytes(48).toString('hex')
    keepSession.run(sessionId, user.id)
    return {
      result: {
        metadataServerUrl: '', passwordExpired: false, sandbox: false, serverUrl: '', sessionId,
        userId: user.id, userInfo: { userName: username, userId: user.id }
      }
    }
  },
  create ({ sObjects }, _, headers) {
    const user = userOf(headers)
    const now = new Date().toISOString()
    const rows = [].concat(sObjects).map(o => ({
      Id: '0H1' + crypto.randomBytes(8).toString('hex').slice(0, 15),
      SharedEntityId: o.SharedEntityId,
      InvitedUserEmail: o.InvitedUserEmail,
      OptionalMessage: o.OptionalMessage ?? null,
      user,
      now
    }))
    createAll(rows)
    return { result: rows.map(row => ({ id: row.Id, success: true })) }
  },
  query ({ queryString }, _, headers) {
    userOf(headers)
    const wanted = /WHERE InvitedUserEmail = '([^']*)'/.exec(queryString)
    const limit = Number(/LIMIT (\d+)/.exec(queryString)?.[1] ?? 2000)
    const rows = wanted ? selectOne.all(wanted[1]) : selectBatch.all(limit)
    return { result: { done: true, records: rows.map(record), size: rows.length } }
  },
  retrieve ({ ids }, _, headers) {
    userOf(headers)
    const wanted = [].concat(ids)
    const found = new Map(selectIds.all(JSON.stringify(wanted)).map(row => [row.Id, row]))
    return { result: wanted.map(id => record(found.get(id))) }
  },
  describeSObjects ({ sObjectType }, _, headers) {
    userOf(headers)
    return { result: [].concat(sObjectType).map(name => described.get(name)) }
  }
}

const server = http.createServer((_, response) => { response.statusCode = 404; response.end() })
server.keepAliveTimeout = 60000
server.listen(Number(port), '127.0.0.1', 511, () => {
  const wsdl = fs.readFileSync(path.join(contract, 'enterprise.wsdl'), 'utf8')
  soap.listen(server, '/services/Soap/c/66.0', { SforceService: { Soap: calls } }, wsdl)
})
