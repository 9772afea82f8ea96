import { Tag } from '#frame'
import { statusTone, urlParts } from '../http/transactions'
import { clockWords } from '../player/clock-words'
import { bytesWords } from '../player/timeline'
import { MOST_WATCHED, type WatchedTransaction } from './watch'
import classes from '../http/Transactions.module.css'

/** Web requests as they go on, newest first. Heads and bodies are in the recording. */
export function WatchedTransactions({ transactions }: { transactions: readonly WatchedTransaction[] }) {
  return (
    <section aria-label="Web requests">
      <div className={classes.head}>
        <h2 className={classes.heading}>Web requests</h2>
        <p className={classes.sum}>
          {transactions.length >= MOST_WATCHED && `The newest ${MOST_WATCHED}. `}Heads and bodies stand in the recording.
        </p>
      </div>
      {transactions.length === 0 ? (
        <p className="dim">Nothing was asked since you began to watch.</p>
      ) : (
        <div className={classes.frame}>
          <table className={classes.table} aria-label="Web requests, newest first">
            <thead>
              <tr>
                <th scope="col" className={classes.time}>Time</th>
                <th scope="col" className={classes.method}>Method</th>
                <th scope="col">URL</th>
                <th scope="col" className={classes.status}>Status</th>
                <th scope="col" className={classes.type}>Type</th>
                <th scope="col" className={classes.size} data-right>Size</th>
              </tr>
            </thead>
            <tbody>
              {transactions.toReversed().map((one) => (
                <Row key={one.n} one={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

function Row({ one }: { one: WatchedTransaction }) {
  const { host, path } = urlParts(one.url)
  return (
    <tr className={classes.row}>
      <td>{clockWords(one.at)}</td>
      <td>{one.method}</td>
      <td data-url>
        {one.url === '' ? <span className="dim">began before you watched</span> : path}
        <p className={classes.host}>{host}</p>
        {one.protocol && <p className={classes.notes}>goes on as {one.protocol}</p>}
      </td>
      <td>{one.status === null ? <Tag>{one.outcome ?? 'asked'}</Tag> : <Tag tone={statusTone(one)}>{String(one.status)}</Tag>}</td>
      <td>{one.media}</td>
      <td data-right>{one.bytes === null ? '' : bytesWords(one.bytes)}</td>
    </tr>
  )
}
