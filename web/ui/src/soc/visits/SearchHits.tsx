import { Answer, EmptyState, Moment, Tag } from '#frame'
import { Link } from 'react-router'
import { clockWords } from '../player/clock-words'
import { useSearchHits } from '../queries'
import type { VisitFilter } from './filter'
import { hitPath, MOST_HITS, seenWords, type SearchHit } from './search'
import classes from './SearchHits.module.css'

/** Lines that have the phrase; each leads to the second at which it was first there. */
export function SearchHits({ filter }: { filter: VisitFilter }) {
  const hits = useSearchHits(filter)
  return (
    <Answer of={hits}>
      {(found) =>
        found.length === 0 ? (
          <EmptyState
            title="No line has these words"
            words="The words must stand in this order on one line. Try fewer of them, or take away the person, server or dates. What was typed is never searched, and nothing is found of parts that were not recorded on screen."
          />
        ) : (
          <>
            <p className={classes.sum} role="status">
              {found.length === MOST_HITS ? `The first ${MOST_HITS} lines` : lines(found.length)}, newest visits first. Each is
              a hint where to look: the recording is the evidence.
            </p>
            <ul className={classes.hits} aria-label="Lines that were found">
              {found.map((hit) => (
                <Hit key={`${hit.session} ${hit.channel} ${hit.at_ms} ${hit.seen} ${hit.snippet}`} hit={hit} />
              ))}
            </ul>
          </>
        )
      }
    </Answer>
  )
}

const lines = (count: number): string => (count === 1 ? 'One line' : `${count} lines`)

function Hit({ hit }: { hit: SearchHit }) {
  return (
    <li className={classes.hit}>
      <Link to={hitPath(hit)} className={classes.line}>
        <code>{hit.snippet}</code>
      </Link>
      <p className={classes.where}>
        <span>
          {hit.person} on {hit.target}
        </span>
        <span>
          <Moment at={hit.at} isBare />, at {clockWords(hit.at_ms)} of the recording
        </span>
        <Tag tone={hit.seen === 'command-guess' ? 'warn' : 'neutral'}>{seenWords(hit.seen)}</Tag>
      </p>
    </li>
  )
}
