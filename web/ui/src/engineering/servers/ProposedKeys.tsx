import { Button, Group } from '@mantine/core'
import { useState } from 'react'
import { api, bodyOf, ReasonDialog, useAct, useMay, type PlannedAct, type Wire } from '#frame'
import { Note } from '../../shared/Note'
import type { TargetView } from '../../shared/servers'
import classes from './Server.module.css'

type ProposedKey = Wire<'ProposedKeyView'>

/** Host keys that wait for a second pair of eyes, each with its two answers. */
export function ProposedKeys({ target }: { target: TargetView }) {
  const may = useMay()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const act = useAct<() => Promise<unknown>, unknown>(['targets'], (run) => run())
  if (target.proposed_keys.length === 0) return null
  const at = { params: { path: { target: target.name } } }
  const approve = (key: ProposedKey): void =>
    setPlanned({
      title: `Approve a host key of ${target.name}`,
      explains: `${key.fingerprint}: say how you compared it with the server’s own console. ${
        key.by === null ? 'The gate alone proposes it: another engineer approves it after you.' : 'It counts at once.'
      }`,
      verb: 'Approve',
      isCut: false,
      run: (reason) =>
        act.mutateAsync(() =>
          bodyOf(
            api.POST('/api/targets/{target}/host-keys/approve', { ...at, body: { fingerprint: key.fingerprint, reason } }),
          ),
        ),
    })
  const refuse = (key: ProposedKey): void =>
    setPlanned({
      title: `Refuse a host key of ${target.name}`,
      explains: `${key.fingerprint} is not this server’s.`,
      verb: 'Refuse',
      isCut: true,
      run: (reason) =>
        act.mutateAsync(() =>
          bodyOf(
            api.POST('/api/targets/{target}/host-keys/refuse', { ...at, body: { fingerprint: key.fingerprint, reason } }),
          ),
        ),
    })
  return (
    <Note tone="warn" title="Host keys that wait for a second pair of eyes">
      {target.proposed_keys.map((key) => (
        <div key={key.fingerprint}>
          <code className={classes.print}>{key.fingerprint}</code>
          <div className="dim">{toldOf(key)}</div>
          <Group gap="xs">
            {may('confirm-host-key') && (
              <Button size="xs" variant="default" onClick={() => approve(key)}>
                Approve…
              </Button>
            )}
            {may('manage-targets') && (
              <Button size="xs" variant="subtle" onClick={() => refuse(key)}>
                Refuse…
              </Button>
            )}
          </Group>
        </div>
      ))}
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </Note>
  )
}

function toldOf(key: ProposedKey): string {
  const what = key.authority ? 'May sign host keys. ' : ''
  const origin: Record<string, string> = {
    given: 'Given',
    scanned: 'Read from the server by the gate',
    announced: 'Announced by the server, which is known by another key',
    shown: 'Shown by the server in place of a pinned key: somebody may stand in between',
  }
  return `${what}${origin[key.origin] ?? key.origin}; proposed by ${key.by ?? 'the gate'}. ${key.reason}`
}
