import { Button } from '@mantine/core'
import { useState } from 'react'
import { apiAct, apiGet, CopyLine, Countdown, Moment, Panel, ProblemPanel, useAct, type Wire } from '#frame'
import { phaseOf } from '../shared/time/span'
import type { WindowView } from '../shared/window/queries'
import { hostsLines, recordedWords } from './programs'
import classes from './MyWindows.module.css'

interface ConsolesProps {
  window: WindowView
  ways: Wire<'TlsWays'>
}

/** `POST /api/windows/{window}/console`: a way in that works once, within a minute. */
interface ConsoleWay {
  url: string
  until: string
}

/** Web consoles in a new tab; this page keeps the time left. */
export function Consoles({ window, ways }: ConsolesProps) {
  const [opened, setOpened] = useState<Record<string, string>>({})
  const isOpen = window.state === 'open' && phaseOf(window, Date.now()) === 'open'
  const open = useAct<string, ConsoleWay>([], (target) =>
    apiAct<ConsoleWay>('POST', `/api/windows/${window.id}/console`, { target }),
  )
  const go = async (target: string): Promise<void> => {
    // Made by the click itself, or the browser takes it for an unasked window.
    const name = `console-${Date.now()}`
    const tab = globalThis.open('about:blank', name)
    try {
      const { url, until } = await open.mutateAsync(target)
      lead(url, tab ? name : '_self')
      if (tab) tab.opener = null
      setOpened({ ...opened, [target]: until })
    } catch {
      tab?.close()
    }
  }
  if (ways.consoles.length === 0) return null
  return (
    <Panel title="Web consoles" aside={<span className="dim"><Countdown window={window} /></span>}>
      <div className="stack-small">
        {ways.consoles.map((target) => (
          <div key={target} className={classes.console}>
            <strong className={classes.server}>{target}</strong>
            <Button
              size="xs"
              disabled={!isOpen}
              loading={open.isPending && open.variables === target}
              onClick={() => void go(target)}
              aria-label={`Open console: ${target}, in a new tab`}
            >
              Open console
            </Button>
            <span className={classes.about} role="status">
              {opened[target] && (
                <>
                  Opened in a new tab. It is recorded, and ends <Moment at={opened[target]} isBare />.
                </>
              )}
            </span>
          </div>
        ))}
      </div>
      {open.error && <ProblemPanel error={open.error} />}
      <p className={classes.known}>
        {isOpen
          ? 'The console opens in a tab of its own, by way of the gate. Every request and answer is recorded, with what you type into its pages. Keep this page to see the time that is left.'
          : 'The button works while the window is open. Every request and answer will be recorded, with what you type into its pages.'}
      </p>
    </Panel>
  )
}

/** Leads a tab to a console. It says that this desk sends it: a link that a page of anything else sends is asked about first. */
function lead(url: string, tab: string): void {
  const link = document.createElement('a')
  link.href = url
  link.target = tab
  link.rel = 'opener'
  link.referrerPolicy = 'origin'
  link.click()
}

/** The line that brings a vendor's own program to its server, and what else the machine needs for that. */
export function Programs({ ways }: Pick<ConsolesProps, 'ways'>) {
  const hosts = hostsLines(ways.programs)
  return (
    <Panel title="Your own programs">
      <div className={classes.lines}>
        <div>
          <p className={classes.what}>Opens everything below on your own machine, until the window ends</p>
          <CopyLine text={ways.line} label="The line for your own programs" />
          <p className={classes.known}>
            It needs no administrator rights. Your program then finds the server at 127.0.0.1, on its usual port where that is
            free here; the line says which port it took.
          </p>
        </div>
        <ul className={classes.programs} aria-label="What it opens">
          {ways.programs.map(({ target, what, name, port, recorded }) => (
            <li key={`${target} ${what} ${name} ${port}`}>
              <strong>
                {target}, {what}
              </strong>{' '}
              <code>
                {name}:{port}
              </code>
              <div className="dim">{recordedWords(recorded)}</div>
            </li>
          ))}
        </ul>
        {hosts !== '' && (
          <div>
            <p className={classes.what}>For your hosts file, where a program must find a server by its name</p>
            <CopyLine text={hosts} label="Lines for the hosts file" />
          </div>
        )}
        <div>
          <Authority />
          <p className={classes.known}>
            For a browser or program that does not know the gate’s certificate yet. Compare its fingerprint with the
            hospital before you trust it, and take it away when the work is done.
          </p>
        </div>
      </div>
    </Panel>
  )
}

/** The gate's own authority, as a file; while another takes its place, both. */
function Authority() {
  const take = useAct<undefined, undefined>([], async () => {
    const { pem, next } = await apiGet<Wire<'TlsAuthorityView'>>('/api/tls/authority')
    const pems = next ? [`${pem.trimEnd()}\n`, next.pem] : [pem]
    const address = URL.createObjectURL(new Blob(pems, { type: 'application/x-pem-file' }))
    const link = document.createElement('a')
    link.href = address
    link.download = 'chaperone-ca.pem'
    link.click()
    URL.revokeObjectURL(address)
    return undefined
  })
  return (
    <>
      <Button variant="default" size="xs" loading={take.isPending} onClick={() => take.mutate(undefined)}>
        The gate’s certificate authority (PEM)
      </Button>
      {take.error && <ProblemPanel error={take.error} />}
    </>
  )
}
