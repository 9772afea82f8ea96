import { Facts, Tag } from '#frame'
import type { TargetView } from '../../shared/servers'

/** What people want to know of a server at a glance. */
export function ServerFacts({ target }: { target: TargetView }) {
  const { card } = target
  const takesFiles = target.endpoints.some(({ kind }) => kind === 'ssh')
  return (
    <Facts
      facts={[
        ['Locked', target.locked && <Tag key="locked" tone="bad">{`Locked: ${target.locked}`}</Tag>],
        ['In clinical use', card.in_clinical_use && <Tag key="use" tone="warn">Therapy depends on it now</Tag>],
        ['Pumps', card.pumps === null || card.pumps === undefined ? null : String(card.pumps)],
        ['Unit', card.unit],
        ['Site', card.site],
        ['Group', card.group],
        ['Patient data', card.patient_data ? 'yes' : 'no'],
        ['Observer', target.observer_required && 'must be present while somebody types'],
        ['Files', takesFiles && (target.uploads === 'staged' ? 'only by way of the gate, which scans them' : 'written directly, recorded, not scanned first')],
        ['Written first', target.durable && 'every byte is on disk before it goes on'],
      ]}
    />
  )
}
