import type { Finding, Machine } from './finding.js';

/** Whether this Node.js is new enough, and whether something slows down its start. */
export function checkNode({ nodeVersion, env }: Machine): Finding[] {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  const findings: Finding[] = [];
  if (major < 20 || (major === 20 && minor < 19)) {
    findings.push({
      check: 'Node.js',
      verdict: 'broken',
      text: `Node.js ${nodeVersion} is too old; 20.19 is the oldest that works`,
      fix: 'Install a newer Node.js from https://nodejs.org.',
    });
  } else {
    findings.push({ check: 'Node.js', verdict: 'fine', text: `Node.js ${nodeVersion}` });
  }
  if (major <= 20 && (env.NODE_EXTRA_CA_CERTS ?? '') !== '') {
    findings.push({
      check: 'start-up',
      verdict: 'notice',
      text: 'NODE_EXTRA_CA_CERTS makes Node.js 20 read every certificate at each start (about 30 ms)',
      fix: 'Use Node.js 22 or newer, which reads them when they are needed, or unset it where no TLS is used.',
    });
  }
  if (/--(?:require|import|loader|experimental-loader)\b/.test(env.NODE_OPTIONS ?? '')) {
    findings.push({
      check: 'start-up',
      verdict: 'notice',
      text: 'NODE_OPTIONS loads extra modules into every Node.js process',
      fix: 'Unset NODE_OPTIONS when a module behaves differently under engramkit than elsewhere.',
    });
  }
  return findings;
}

/** The identity that the operator gives to every batch step. Source: bobrapet-batch section 1.3. */
const IDENTITY = ['BUBU_STEPRUN_NAME', 'BUBU_STEPRUN_NAMESPACE', 'BUBU_STORYRUN_ID'] as const;

/** Whether the variables of the operator are set, completely or by halves. */
export function checkOperatorContract({ env }: Machine): Finding[] {
  const set = Object.keys(env)
    .filter((name) => name.startsWith('BUBU_'))
    .sort();
  if (set.length === 0) {
    return [
      {
        check: 'operator',
        verdict: 'fine',
        text: 'no BUBU_ variables: runs belong to this machine',
      },
    ];
  }
  const missing = IDENTITY.filter((name) => (env[name] ?? '').trim() === '');
  const shown = set.slice(0, 6).join(', ') + (set.length > 6 ? ` and ${set.length - 6} more` : '');
  return [
    {
      check: 'operator',
      verdict: 'notice',
      text:
        missing.length === 0
          ? `the variables of an operator are set (${shown})`
          : `variables of an operator are set (${shown}), but ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not`,
      fix: 'engramkit run ignores them. Unset them on a laptop, so that nothing takes this machine for a step.',
    },
  ];
}

/** Whether tracing is configured, and whether that configuration can work. */
export function checkTracing({ env }: Machine): Finding[] {
  const check = 'tracing';
  const exporter = (env.OTEL_TRACES_EXPORTER ?? '').trim();
  if ((env.OTEL_SDK_DISABLED ?? '').trim().toLowerCase() === 'true') {
    return [{ check, verdict: 'fine', text: 'switched off by OTEL_SDK_DISABLED' }];
  }
  const name =
    (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? '') === ''
      ? 'OTEL_EXPORTER_OTLP_ENDPOINT'
      : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const endpoint = (env[name] ?? '').trim();
  if (endpoint === '' || exporter === 'none') {
    return [{ check, verdict: 'fine', text: 'off; set OTEL_EXPORTER_OTLP_ENDPOINT to send spans' }];
  }
  const protocol = URL.canParse(endpoint) ? new URL(endpoint).protocol : '';
  if (protocol !== 'http:' && protocol !== 'https:') {
    return [
      {
        check,
        verdict: 'broken',
        text: `${name} is not an http or https address: ${endpoint.slice(0, 100)}`,
        fix: `Set it like ${name}=http://localhost:4318, or unset it.`,
      },
    ];
  }
  return [{ check, verdict: 'fine', text: `spans go to ${new URL(endpoint).origin}` }];
}
