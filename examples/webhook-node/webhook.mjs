// An endpoint for the messages of one topic: it checks their signatures, confirms its
// subscription by itself, and prints what is published. It needs Node.js 20 or later
// and nothing else.
//
//   node examples/webhook-node/webhook.mjs 127.0.0.1:9000 urn:smn:local:0123456789abcdef0123456789abcdef:disk-alerts

import { X509Certificate, verify as fits } from 'node:crypto'
import { createServer } from 'node:http'

const [address, topic] = process.argv.slice(2)
if (!address || !topic) {
  console.error('usage: webhook.mjs ADDRESS TOPIC_URN')
  process.exit(1)
}

// Certificates are fetched from here and nowhere else, whatever a message says.
const service = (process.env.TOCSIN_ENDPOINT || 'http://127.0.0.1:8080').replace(/\/+$/, '')
const certificatePath =
  /^\/(smn\/[A-Za-z0-9_-][A-Za-z0-9_.-]*\.pem|v2\/notifications\/certifications\/download\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)$/
const maxBody = 2 << 20 // a message has up to 256 KiB, in JSON up to six times that

// Forged: the message is not as the service wrote it, and stays so.
class Forged extends Error {}

const certificates = new Map() // by URL

// verified gives the message in a body if it is genuine, else it throws Forged; another
// error when the certificate cannot be had.
async function verified(body) {
  let message, text
  try {
    message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    text = signedText(message)
  } catch {
    throw new Forged()
  }
  const { signature, signature_version: version, signing_cert_url: from } = message
  if (version !== 'v1' || typeof signature !== 'string' || typeof from !== 'string') throw new Forged()
  if (!from.startsWith(service) || !certificatePath.test(from.slice(service.length))) throw new Forged()
  const certificate = await certificateAt(from)
  const now = new Date()
  if (now < new Date(certificate.validFrom) || now > new Date(certificate.validTo)) throw new Forged()
  if (certificate.publicKey.asymmetricKeyType !== 'rsa') throw new Forged()
  if (!fits('sha256', Buffer.from(text), certificate.publicKey, Buffer.from(signature, 'base64'))) throw new Forged()
  return message
}

// signedText is what a signature covers: fields with their names, in the order of the names.
function signedText(message) {
  const names = new Map([
    ['Notification', ['message_id', 'subject', 'timestamp', 'topic_urn', 'type']],
    ['SubscriptionConfirmation', ['message_id', 'subscribe_url', 'timestamp', 'topic_urn', 'type']],
    ['UnsubscribeConfirmation', ['message_id', 'subscribe_url', 'timestamp', 'topic_urn', 'type']],
  ]).get(message.type)
  if (typeof message.message !== 'string') throw new Forged()
  let text = `message\n${message.message}\n`
  for (const name of names) {
    const value = name === 'subject' ? message.subject ?? '' : message[name]
    // With several lines it could be cut in two at another place.
    if (typeof value !== 'string' || /[\r\n]/.test(value)) throw new Forged()
    if (value !== '' || name !== 'subject') text += `${name}\n${value}\n`
  }
  return text
}

// certificateAt fetches a certificate when it is first needed.
async function certificateAt(url) {
  if (!certificates.has(url)) {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(5000) })
    const pem = await answer.text()
    if (answer.status === 404 || answer.status === 410) throw new Forged()
    if (!answer.ok) throw new Error(`the certificate: ${answer.status}`)
    if (certificates.size >= 16) certificates.clear()
    certificates.set(url, new X509Certificate(pem))
  }
  return certificates.get(url)
}

// take says with which status a body is answered.
async function take(body) {
  try {
    const message = await verified(body)
    if (message.topic_urn !== topic) throw new Forged()
    if (message.type === 'SubscriptionConfirmation') {
      // The link was signed by the service, and so leads to it.
      const answer = await fetch(message.subscribe_url, { redirect: 'error', signal: AbortSignal.timeout(5000) })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`the link: ${answer.status}`)
      console.log(`subscribed to ${topic}`)
    } else if (message.type === 'Notification') {
      // A message can come twice: whoever acts on it remembers its id.
      console.log(`${message.message_id} ${message.subject ?? ''}: ${message.message}`)
    }
    return 200
  } catch (e) {
    return e instanceof Forged ? 403 : 503 // with 503 the service tries again
  }
}

const server = createServer(async (request, response) => {
  const chunks = []
  let size = 0
  try {
    for await (const chunk of request) {
      size += chunk.length
      if (size > maxBody) {
        response.writeHead(413, { connection: 'close' }).end()
        return
      }
      chunks.push(chunk)
    }
  } catch {
    return // the connection has ended
  }
  response.writeHead(await take(Buffer.concat(chunks))).end()
})
server.requestTimeout = 10_000
const colon = address.lastIndexOf(':')
server.listen(Number(address.slice(colon + 1)), address.slice(0, colon))
