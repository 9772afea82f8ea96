import { Button, TextInput } from '@mantine/core'
import { Fragment, useEffect, useId, useState } from 'react'
import { Answer, Tag } from '#frame'
import { clockWords } from '../player/clock-words'
import { bytesWords } from '../player/timeline'
import { Opened } from './Opened'
import {
  notesOf,
  shortHash,
  statusTone,
  statusWords,
  tookWords,
  urlParts,
  useTransactions,
  type Transaction,
} from './transactions'
import classes from './Transactions.module.css'

interface TransactionsProps {
  session: string
  /** Where the reader is, in milliseconds; the last transaction until then is marked. */
  at?: number
  /** Goes to a moment of the recording. */
  onSeek?: (at: number, channel: null) => void
}

/** The HTTP transactions of a visit: a row opens its heads and bodies, and its time leads to the second. */
export function Transactions({ session, at, onSeek }: TransactionsProps) {
  const heading = useId()
  const [draft, setDraft] = useState('')
  const [sought, setSought] = useState('')
  useEffect(() => {
    const pause = setTimeout(() => setSought(draft.trim()), 300)
    return () => clearTimeout(pause)
  }, [draft])
  const found = useTransactions(session, sought)
  return (
    <section aria-labelledby={heading}>
      <Answer of={found} lines={4}>
        {({ pages }) => {
          const rows = pages.flatMap(({ transactions }) => transactions)
          const { total = 0, found: fitting = 0, shortened = false } = pages.at(-1) ?? {}
          return (
            <>
              <div className={classes.head}>
                <div>
                  <h2 id={heading} className={classes.heading}>
                    Web requests
                  </h2>
                  <p className={classes.sum} role="status">
                    {sought === '' ? count(total) : `${fitting} of ${count(total)}`}
                    {shortened && '; there were more than the table keeps, and an export has all of them'}
                  </p>
                </div>
                <TextInput
                  aria-label="Find a request"
                  placeholder="URL, status, file or hash"
                  value={draft}
                  onChange={(event) => setDraft(event.currentTarget.value)}
                />
              </div>
              {rows.length === 0 ? (
                <p className="dim">{sought === '' ? 'Nothing was asked of the console.' : 'No request has this.'}</p>
              ) : (
                <Table session={session} rows={rows} at={at ?? null} onSeek={onSeek ?? null} />
              )}
              {found.hasNextPage && (
                <div className={classes.more}>
                  <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
                    More requests
                  </Button>
                </div>
              )}
            </>
          )
        }}
      </Answer>
    </section>
  )
}

const count = (total: number): string => (total === 1 ? 'one request' : `${total} requests`)

interface TableProps {
  session: string
  rows: readonly Transaction[]
  at: number | null
  onSeek: TransactionsProps['onSeek'] | null
}

function Table({ session, rows, at, onSeek }: TableProps) {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set())
  const now = at === null ? undefined : rows.findLast((row) => row.at_ms <= at)?.place
  const toggle = (place: number): void => {
    const next = new Set(open)
    if (!next.delete(place)) next.add(place)
    setOpen(next)
  }
  return (
    <div className={classes.frame}>
      <table className={classes.table} aria-label="Web requests">
        <thead>
          <tr>
            <th scope="col" className={classes.time}>Time</th>
            <th scope="col" className={classes.method}>Method</th>
            <th scope="col">URL</th>
            <th scope="col" className={classes.status}>Status</th>
            <th scope="col" className={classes.type}>Type</th>
            <th scope="col" className={classes.size} data-right>Size</th>
            <th scope="col" className={classes.took} data-right>Took</th>
            <th scope="col" className={classes.hash}>SHA-256</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Fragment key={row.place}>
              <Row row={row} isOpen={open.has(row.place)} isNow={row.place === now} onToggle={() => toggle(row.place)} onSeek={onSeek} />
              {open.has(row.place) && (
                <tr>
                  <td colSpan={8}>
                    <Opened session={session} place={row.place} />
                  </td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  row: Transaction
  isOpen: boolean
  isNow: boolean
  onToggle: () => void
  onSeek: TransactionsProps['onSeek'] | null
}

function Row({ row, isOpen, isNow, onToggle, onSeek }: RowProps) {
  const { host, path } = urlParts(row.url)
  const notes = notesOf(row)
  return (
    <tr className={classes.row} data-now={isNow || undefined}>
      <td>
        {onSeek ? (
          <button type="button" className={classes.seek} onClick={() => onSeek(row.at_ms, null)} aria-label={`Go to ${clockWords(row.at_ms)}`}>
            {clockWords(row.at_ms)}
          </button>
        ) : (
          clockWords(row.at_ms)
        )}
      </td>
      <td>{row.method}</td>
      <td data-url>
        <button type="button" className={classes.open} aria-expanded={isOpen} onClick={onToggle}>
          {path}
        </button>
        <p className={classes.host}>{host}</p>
        {notes.map((note) => (
          <p key={note} className={classes.notes}>
            {note}
          </p>
        ))}
      </td>
      <td>
        <Tag tone={statusTone(row)}>{statusWords(row)}</Tag>
      </td>
      <td>{row.media}</td>
      <td data-right>{bytesWords(row.received)}</td>
      <td data-right>{tookWords(row.took_ms)}</td>
      <td data-hash>
        {row.received_sha256 && (
          <code className={classes.print} title={row.received_sha256}>
            {shortHash(row.received_sha256)}
          </code>
        )}
      </td>
    </tr>
  )
}
