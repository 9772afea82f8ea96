import { Moment, ProblemPanel, sentence, Tag } from '#frame'
import { Button, Group, Text } from '@mantine/core'
import type { RecordingVerdict } from '../wire'
import { useVerify } from '../acts'
import classes from './Verified.module.css'

interface VerifiedProps {
  session: string
  /** `live`, `sealed`, `recovered`, `lost`, `none`. */
  recording: string
}

const STATES: Record<string, string> = {
  live: 'Being recorded',
  sealed: 'Sealed',
  recovered: 'Sealed after a crash, as found',
  lost: 'Lost',
  none: 'No recording',
}

/** Says what is claimed of the recording, and, once it has really been checked, what was proved. */
export function Verified({ session, recording }: VerifiedProps) {
  const verify = useVerify(session)
  const canVerify = recording === 'sealed' || recording === 'recovered'
  return (
    <div className={classes.verified} aria-live="polite">
      <Group gap="xs">
        {verify.data ? <VerdictBadge verdict={verify.data} /> : <Claim recording={recording} />}
        {canVerify && (
          <Button size="xs" variant="default" loading={verify.isPending} onClick={() => verify.mutate(undefined)}>
            {verify.data ? 'Verify again' : 'Verify now'}
          </Button>
        )}
        {verify.submittedAt > 0 && verify.data && (
          <Text size="xs" c="dimmed">
            checked <Moment at={new Date(verify.submittedAt).toISOString()} />
          </Text>
        )}
      </Group>
      {verify.data && <Proof verdict={verify.data} />}
      {verify.error && <ProblemPanel error={verify.error} />}
    </div>
  )
}

function Claim({ recording }: { recording: string }) {
  return (
    <Tag tone={recording === 'lost' ? 'bad' : 'neutral'}>
      {STATES[recording] ?? recording}
      {recording === 'sealed' && ', not checked yet'}
    </Tag>
  )
}

function VerdictBadge({ verdict }: { verdict: RecordingVerdict }) {
  return verdict.sound ? (
    <Tag tone="good">✓ Sound</Tag>
  ) : (
    <Tag tone="bad">✕ Not sound: {verdict.failure ?? 'unknown failure'}</Tag>
  )
}

function Proof({ verdict }: { verdict: RecordingVerdict }) {
  const bad = verdict.verdict.bad
  return (
    <div className={verdict.sound ? classes.proof : classes.failure}>
      <p>{verdict.summary}</p>
      {bad && (
        <p>
          First bad place: byte {bad.offset}
          {bad.block !== null && `, block ${bad.block}`}. {sentence(bad.detail)} Everything before it is sound
          {verdict.verdict.sound_until && (
            <>
              {' '}
              (until <Moment at={verdict.verdict.sound_until} />)
            </>
          )}
          .
        </p>
      )}
    </div>
  )
}
