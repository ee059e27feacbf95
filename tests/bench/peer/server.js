// The same answer as a node's, of the least code: consent, records, one audit row, JSON.
//   node server.js STEM CA CONNINFO-JSON     prints its port
'use strict'
const fs = require('node:fs')
const { createHash } = require('node:crypto')
const { Pool } = require('pg')

const [stem, ca, database] = process.argv.slice(2)
const pool = new Pool({ ...JSON.parse(database), max: 16 })
const app = require('fastify')({
  https: {
    key: fs.readFileSync(`${stem}.key`),
    cert: fs.readFileSync(`${stem}.crt`),
    ca: fs.readFileSync(ca),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3'
  }
})
const ask = (name, text, values) => pool.query({ name, text, values })

app.post('/v1/reports', async (request, reply) => {
  const { subject, purpose, consent, items } = request.body
  if (consent) {
    const found = await ask('consent', `SELECT 1 FROM consent WHERE id = $1 AND subject = $2 AND purpose = $3
      AND not revoked AND expiry > now()`, [consent, subject, purpose])
    if (found.rowCount === 0) return reply.code(403).send({ type: 'consent' })
  }
  const { rows } = await ask('records', `SELECT item, fields FROM record WHERE subject = $1 AND item = ANY ($2)
    ORDER BY item, key`, [subject, items])
  const body = JSON.stringify({ subject, items: rows })
  const audit = await ask('audit', `INSERT INTO access (time, member, subject, purpose, consent, items, answer)
    VALUES (now(), $1, $2, $3, $4, $5, $6) RETURNING index`,
  [request.raw.socket.getPeerCertificate().subject.CN, subject, purpose, consent, items, createHash('sha256').update(body).digest()])
  return reply.type('application/json').header('receipt', audit.rows[0].index).send(body)
})

app.listen({ host: '127.0.0.1', port: 0 }).then(() => console.log(app.server.address().port))
