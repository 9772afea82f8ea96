import { useQuery } from '@tanstack/react-query'
import { Answer, Countdown, CopyLine, Panel } from '#frame'
import { connectQuery, type WindowView } from '../shared/window/queries'
import { Consoles, Programs } from './Consoles'
import classes from './MyWindows.module.css'

/** The exact lines to come by SSH, and the key by which to know the gate. */
export function Connect({ window }: { window: WindowView }) {
  const connect = useQuery(connectQuery(window.id))
  const ways = connect.data?.tls
  // Where consoles and programs are all that it opens, keys for ssh are of no use.
  const bySsh = !ways || connect.data?.lines.length !== 0
  return (
    <>
      {ways && <Consoles window={window} ways={ways} />}
      {bySsh && (
        <Panel title={ways ? 'By SSH' : 'Connect'} aside={<span className="dim"><Countdown window={window} /></span>}>
          <Answer of={connect} lines={2}>
            {({ lines, known_hosts, fingerprint, cert_authority }) => (
              <div className={classes.lines}>
                {lines.length === 0 && <p className="dim">This window grants nothing that is reached by SSH.</p>}
                {lines.map(({ what, line }) => (
                  <div key={line}>
                    <p className={classes.what}>{what}</p>
                    <CopyLine text={line} label={what} />
                  </div>
                ))}
                {window.access.includes('sftp-write') && (
                  <div>
                    <p className={classes.what}>A file that was sent ahead, onto the server, while you are connected</p>
                    <CopyLine text={`chaperone window release ${window.id} FILE --to PATH`} label="Release a file" />
                  </div>
                )}
                <div>
                  <p className={classes.what}>The gate’s host key, for your known_hosts</p>
                  <CopyLine text={known_hosts} label="Host key" />
                  <p className={classes.known}>
                    At the first connection, ssh shows <code>{fingerprint}</code>. If it shows another one, do not go on: call
                    the hospital.
                  </p>
                </div>
                {cert_authority && (
                  <div>
                    <p className={classes.what}>The line that vouches for all servers behind the gate, for your known_hosts</p>
                    <CopyLine text={cert_authority} label="Authority" />
                    <p className={classes.known}>It is what makes ssh -J work without a question about each server’s key.</p>
                  </div>
                )}
              </div>
            )}
          </Answer>
        </Panel>
      )}
      {ways && ways.programs.length > 0 && <Programs ways={ways} />}
    </>
  )
}
