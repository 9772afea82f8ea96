import { Answer, endWords, Moment, PageTitle, spanWords, useNow } from '#frame'
import { Anchor, Button, Group } from '@mantine/core'
import { Link, useParams } from 'react-router'
import { useVisit } from '../queries'
import { isLive } from '../visit/visit'
import { Notice } from '../visit/Notice'
import { VisitActs } from '../visit/VisitActs'
import type { SessionView } from '../wire'
import { useWatch } from './useWatch'
import type { WatchState } from './watch'
import { WatchedChannels } from './WatchedChannels'
import classes from './WatchPage.module.css'

/** One live visit, as it happens. */
export function WatchPage() {
  const { session = '' } = useParams()
  return (
    <Answer of={useVisit(session)}>
      {(visit) =>
        isLive(visit) && visit.watched_at ? (
          <Elsewhere visit={visit} at={visit.watched_at} />
        ) : isLive(visit) ? (
          <Watching key={visit.id} visit={visit} />
        ) : (
          <Over visit={visit} reason={visit.end_reason && endWords(visit.end_reason)} />
        )
      }
    </Answer>
  )
}

const UP = { to: '/soc/live', label: 'Live' }

function Watching({ visit }: { visit: SessionView }) {
  const [watch, state] = useWatch(visit.id)
  const shown = { ...visit, paused: state.isPaused || visit.paused, closes: state.closes ?? visit.closes ?? null }
  if (state.over !== null) return <Over visit={visit} reason={state.over} />
  return (
    <>
      <PageTitle
        title={`${visit.person} on ${visit.target}`}
        up={UP}
        aside={<TimeLeft closes={shown.closes} />}
        words={
          <>
            {visit.vendor && `${visit.vendor}, `}
            {visit.account && `as ${visit.account}, `}
            from {visit.source} since <Moment at={visit.started_at ?? visit.admitted_at} />
          </>
        }
        actions={<VisitActs visit={shown} />}
      />
      <Banners state={state} isPaused={shown.paused} />
      {watch && state.channels.length > 0 ? (
        <WatchedChannels watch={watch} channels={state.channels} />
      ) : (
        <p className={classes.quiet}>
          {state.connection === 'watching' ? 'Connected. No channel is open yet.' : 'Connecting to the visit.'}
        </p>
      )}
      {state.skippedBytes > 0 && (
        <p className={classes.quiet}>
          This connection was too slow for all of the output, so some was left out here. The recording has everything.
        </p>
      )}
    </>
  )
}

function Banners({ state, isPaused }: { state: WatchState; isPaused: boolean }) {
  return (
    <div className={classes.banners} aria-live="polite">
      {isPaused && (
        <Notice tone="warn" title="‖ Input is paused">
          What they type does not reach the server. Output still flows and is recorded.
        </Notice>
      )}
      {state.connection === 'cut' && (
        <Notice tone="bad" title="Cut off from the visit">
          The screen below stands still, the visit may go on. Connecting again by itself.
        </Notice>
      )}
      {state.connection === 'refused' && (
        <Notice tone="bad" title="The gate does not show this visit">
          It may have ended this moment, or you may not watch it.
          <Button variant="default" size="xs" mt="xs" display="block" onClick={() => location.reload()}>
            Look again
          </Button>
        </Notice>
      )}
      {state.said && (
        <Notice tone="neutral" title="Told to the technician">
          {state.said}
        </Notice>
      )}
    </div>
  )
}

/** What a visit shows is seen on the node where it lives. */
function Elsewhere({ visit, at }: { visit: SessionView; at: string }) {
  return (
    <>
      <PageTitle title={`${visit.person} on ${visit.target}`} up={UP} actions={<VisitActs visit={visit} />} />
      <Notice tone="neutral" title={`This visit is on the node ${visit.node}`}>
        It is watched there: <Anchor href={at} underline="always">{at}</Anchor>. Stopping it and pausing its input work from here too.
      </Notice>
    </>
  )
}

function TimeLeft({ closes }: { closes: string | null }) {
  const now = useNow(1_000)
  if (closes === null) return <>end not known</>
  const left = Date.parse(closes) - now
  return (
    <>
      <strong>{left > 0 ? `${spanWords(left)} left` : 'closing'}</strong>, until <Moment at={closes} />
    </>
  )
}

function Over({ visit, reason }: { visit: SessionView; reason: string | null }) {
  return (
    <>
      <PageTitle title={`${visit.person} on ${visit.target}`} aside="over" up={UP} />
      <Notice tone="neutral" title="The visit is over">
        {reason && <p className={classes.reason}>Why: {reason}</p>}
        <Group gap="md">
          <Button component={Link} to={`/soc/visits/${visit.id}`} variant="light">
            Replay it
          </Button>
          <Anchor component={Link} to="/soc/live" underline="always">
            Other live visits
          </Anchor>
        </Group>
      </Notice>
    </>
  )
}
