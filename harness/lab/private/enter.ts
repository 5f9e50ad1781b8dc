/** Into namespaces of the run's own: network, processes and mounts. Two runs cannot meet there, and a killed one leaves nothing behind. */

/**
 * The words before a command that makes it live in new namespaces and die with this process (root only).
 * `setpriv` ties `unshare` to us, `--kill-child` ties the command to `unshare`, and the kernel ends whatever lives in its process namespace.
 */
export const enterNamespaces: readonly string[] = [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...['unshare', '--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'],
]
