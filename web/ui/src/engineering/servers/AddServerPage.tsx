import { Button } from '@mantine/core'
import { useState } from 'react'
import { useNavigate } from 'react-router'
import { api, bodyOf, PageTitle, Panel, ProblemPanel, serverPath, useAct, type Wire } from '#frame'
import type { TargetView } from '../../shared/servers'
import { useFormRun } from '../../shared/useFormRun'
import { EMPTY_SERVER, newTarget, serverFaults } from './new-server'
import { CardFields, ReachFields, SshFields, TlsFields } from './NewServerFields'
import classes from './Server.module.css'

/** Adds a server with the ways to reach it. */
export function AddServerPage() {
  const navigate = useNavigate()
  const [server, setServer] = useState(EMPTY_SERVER)
  const [hasTried, setTried] = useState(false)
  const add = useAct<Wire<'NewTarget'>, TargetView>(['targets'], (body) => bodyOf(api.POST('/api/targets', { body })))
  const faults = serverFaults(server)
  const shown = hasTried ? faults : {}
  const form = useFormRun(async () => {
    setTried(true)
    if (Object.keys(faults).length > 0) return
    const added = await add.mutateAsync(newTarget(server))
    await navigate(serverPath(added.name))
  })
  return (
    <>
      <PageTitle title="Add a server" up={{ to: '/engineering/servers', label: 'Servers' }} />
      <Panel>
        <form className={classes.form} onSubmit={form.submit} noValidate>
          <ReachFields server={server} onChange={setServer} faults={shown} />
          {server.hasSsh && <SshFields server={server} onChange={setServer} faults={shown} />}
          {server.hasTls && <TlsFields server={server} onChange={setServer} faults={shown} />}
          <CardFields server={server} onChange={setServer} faults={shown} />
          {form.problem !== null && <ProblemPanel error={form.problem} />}
          <div>
            <Button type="submit" loading={form.isRunning}>
              Add the server
            </Button>
          </div>
        </form>
      </Panel>
    </>
  )
}
