import { Answer, endWords, Moment, PageTitle, spanWords, useMay, windowPath } from '#frame'
import { Anchor, Button, Text } from '@mantine/core'
import { useCallback, useState } from 'react'
import { Link, useParams, useSearchParams } from 'react-router'
import { momentOf, secondOf } from '../player/clock-words'
import { coverageWords, isLane, type RecordingTimeline } from '../player/timeline'
import { pieceLoader, useRecording, useTimeline, useVisit } from '../queries'
import { Notice } from '../visit/Notice'
import { isLive, visitLength, visitStateWords } from '../visit/visit'
import type { SessionView } from '../wire'
import { EvidenceActs } from '../evidence/EvidenceActs'
import { TypedInput } from '../evidence/TypedInput'
import { ExportMenu } from './ExportMenu'
import { Replay } from './Replay'
import { WebReplay } from './WebReplay'
import { Verified } from './Verified'
import classes from './VisitPage.module.css'

/** One visit: who it was, what was recorded of it, and the recording itself. */
export function VisitPage() {
  const { id = '' } = useParams()
  return <Answer of={useVisit(id)}>{(visit) => <VisitBody key={visit.id} visit={visit} />}</Answer>
}

function VisitBody({ visit }: { visit: SessionView }) {
  const recording = useRecording(visit.id)
  const may = useMay()
  const length = visitLength(visit, Date.now())
  return (
    <>
      <PageTitle
        title={`${visit.person} on ${visit.target}`}
        up={{ to: '/soc/visits', label: 'Visits' }}
        actions={
          <>
            {!isLive(visit) && <EvidenceActs about={{ kind: 'session', id: visit.id }} words={`the visit of ${visit.person}`} />}
            <ExportMenu visit={visit} />
          </>
        }
      />
      <p className={classes.facts}>
        <Moment at={visit.started_at ?? visit.admitted_at} />
        {length !== null && !isLive(visit) && `, ${spanWords(length)}`}
        {visit.vendor && `, ${visit.vendor}`}
        {visit.account && `, as ${visit.account}`}, from {visit.source}
        {visit.window && (
          <>
            {' · '}
            <Anchor component={Link} to={windowPath(visit.window)} inherit underline="always">
              its window
            </Anchor>
          </>
        )}
      </p>
      <p className={classes.facts}>
        {visitStateWords(visit)}
        {visit.end_reason && `: ${endWords(visit.end_reason)}`}
      </p>
      <Parts visit={visit} />
      {isLive(visit) && <StillLive visit={visit} />}
      <div className={classes.proof}>
        <Verified session={visit.id} recording={recording.data?.state ?? 'none'} />
        {recording.data && !isLive(visit) && (
          <Text size="sm" c="dimmed">
            Weakest part: {coverageWords(recording.data.coverage, recording.data.coverage_why)}
          </Text>
        )}
      </div>
      {may('replay') ? (
        <Recorded visit={visit} />
      ) : (
        <Text>None of your roles may replay recordings.</Text>
      )}
      {!isLive(visit) && visit.state !== 'never-started' && visit.protocol !== 'tls' && <TypedInput session={visit.id} />}
    </>
  )
}

/** A visit that went on after a lost connection has a recording for each connection. */
function Parts({ visit }: { visit: SessionView }) {
  const parts = visit.parts ?? []
  if (parts.length < 2) return null
  return (
    <nav className={classes.facts} aria-label="Parts of this visit">
      One visit, {parts.length} connections:{' '}
      {parts.map((part, place) => (
        <span key={part}>
          {place > 0 && ', '}
          {part === visit.id ? (
            <strong>part {place + 1}</strong>
          ) : (
            <Anchor component={Link} to={`/soc/visits/${part}`} inherit underline="always">
              part {place + 1}
            </Anchor>
          )}
        </span>
      ))}
    </nav>
  )
}

function StillLive({ visit }: { visit: SessionView }) {
  return (
    <Notice tone="good" title="The visit is live">
      Below is what was recorded until you opened this page.{' '}
      <Button component={Link} to={`/soc/live/${visit.id}`} size="xs" ml="xs">
        Watch it live
      </Button>
    </Notice>
  )
}

function Recorded({ visit }: { visit: SessionView }) {
  return <Answer of={useTimeline(visit.id)}>{(timeline) => <RecordedTimeline timeline={timeline} />}</Answer>
}

function RecordedTimeline({ timeline }: { timeline: RecordingTimeline }) {
  const [address, setAddress] = useSearchParams()
  const [load] = useState(() => pieceLoader(timeline))
  const played = timeline.channels.filter((each) => !isLane(each))
  const hasLanes = played.length < timeline.channels.length
  const first = played[0]
  const asked = Number(address.get('channel') ?? first?.id ?? 0)
  const channel = played.some((each) => each.id === asked) ? asked : (first?.id ?? 0)

  const place = useCallback(
    (at: number, next: number) => setAddress({ t: secondOf(at), channel: String(next) }, { replace: true }),
    [setAddress],
  )
  if (hasLanes) return <WebReplay timeline={timeline} at={momentOf(address)} onPlace={(at) => place(at, asked)} />
  if (!first) return <Text>No channel was opened in this visit, so there is nothing to replay.</Text>
  return (
    <Replay
      timeline={timeline}
      load={load}
      at={momentOf(address)}
      channel={channel}
      onPlace={place}
      linkTo={linkTo}
    />
  )
}

function linkTo(at: number, channel: number): string {
  const link = new URL(location.href)
  link.searchParams.set('t', secondOf(at))
  link.searchParams.set('channel', String(channel))
  return link.toString()
}
