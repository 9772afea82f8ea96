import { Answer } from '#frame'
import { clockWords } from '../player/clock-words'
import { decodeBase64 } from '../player/piece'
import { bytesWords } from '../player/timeline'
import { hexLines, textOf } from './body'
import { BodyView } from './BodyView'
import { gateWords, useTransaction, type TransactionOpened } from './transactions'
import classes from './Transactions.module.css'

/** A row that is opened: heads, bodies, and the messages of an upgraded connection. */
export function Opened({ session, place }: { session: string; place: number }) {
  return (
    <Answer of={useTransaction(session, place)} lines={3}>
      {(opened) => <Heads session={session} opened={opened} />}
    </Answer>
  )
}

function Heads({ session, opened }: { session: string; opened: TransactionOpened }) {
  const { transaction: row } = opened
  const sentType = fieldOf(opened.request_headers, 'content-type')
  return (
    <div className={classes.opened}>
      <div className={classes.sides}>
        <section className={classes.side} aria-label="Request">
          <h4>Request</h4>
          <p className={classes.first}>
            {row.method} {row.url} {opened.request_version}
          </p>
          <Fields fields={opened.request_headers} label="Header fields of the request" />
          {row.credential && (
            <p className={classes.notes}>Behind the recording, the gate put in the credential {row.credential}.</p>
          )}
          {!row.upgraded && (
            <BodyView session={session} place={row.place} of="request" bytes={row.sent} sha256={row.sent_sha256 ?? null} media={sentType} />
          )}
        </section>
        <section className={classes.side} aria-label="Answer">
          <h4>Answer</h4>
          {row.status === null || row.status === undefined ? (
            <p className={classes.notes}>No answer was recorded.</p>
          ) : (
            <>
              <p className={classes.first}>
                {opened.response_version} {row.status}
              </p>
              {row.gate !== null && row.gate !== undefined && <p className={classes.notes}>This was {gateWords(row.gate)}.</p>}
              <Fields fields={opened.response_headers} label="Header fields of the answer" />
              {!row.upgraded && (
                <BodyView session={session} place={row.place} of="response" bytes={row.received} sha256={row.received_sha256 ?? null} media={row.media} />
              )}
            </>
          )}
        </section>
      </div>
      <Files opened={opened} />
      {row.upgraded && <Messages opened={opened} />}
    </div>
  )
}

function fieldOf(fields: TransactionOpened['request_headers'], name: string): string {
  return fields.find((field) => field.name.toLowerCase() === name)?.value ?? ''
}

function Fields({ fields, label }: { fields: TransactionOpened['request_headers']; label: string }) {
  if (fields.length === 0) return null
  return (
    <div className={classes.fields} tabIndex={0} role="group" aria-label={label}>
      <dl>
        {fields.map(({ name, value }, place) => (
          <div key={place} className={classes.field}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}

function Files({ opened }: { opened: TransactionOpened }) {
  const { files } = opened.transaction
  if (files.length === 0) return null
  return (
    <ul className={classes.files} aria-label="Files in it">
      {files.map(({ direction, name, bytes, sha256, coding }, place) => (
        <li key={place}>
          {direction === 'upload' ? 'To the server' : 'From the server'}: <strong>{name}</strong>, {bytesWords(bytes)}
          {sha256 ? (
            <>
              , SHA-256 <code className={classes.print}>{sha256}</code>
            </>
          ) : (
            ', no SHA-256: it did not pass whole'
          )}
          {coding && `; as it passed, under the content coding ${coding}`}
        </li>
      ))}
    </ul>
  )
}

const OPCODES: Record<number, string> = { 1: 'text', 2: 'bytes', 8: 'close', 9: 'ping', 10: 'pong' }

function Messages({ opened }: { opened: TransactionOpened }) {
  const { messages, more_messages: isMore, transaction } = opened
  if (messages.length === 0) {
    return <p className={classes.notes}>Its bytes are in the recording; no messages could be told apart in {transaction.upgraded}.</p>
  }
  return (
    <>
      <ol className={classes.messages} tabIndex={0} aria-label="Messages">
        {messages.map((message, place) => (
          <li key={place} className={classes.message}>
            <span>{clockWords(message.at_ms)}</span>
            <span>
              {message.from === 'client' ? '↑' : '↓'} {OPCODES[message.opcode] ?? message.opcode}
            </span>
            <code>{messageText(message)}</code>
          </li>
        ))}
      </ol>
      {isMore && <p className={classes.notes}>The first {messages.length}; an export has all of them.</p>}
    </>
  )
}

function messageText({ data, opcode, cut }: TransactionOpened['messages'][number]): string {
  const bytes = decodeBase64(data)
  const text = opcode === 2 ? null : textOf(bytes, '')
  return `${text ?? hexLines(bytes, 256)}${cut ? ' …' : ''}`
}
