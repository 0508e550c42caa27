import type { RegisteredFunction } from '../function-registry.js';
import type { ObservedCall } from '../runtime-options.js';
import { PAGE_SCRIPT, PAGE_STYLE } from './catalogue-assets.js';
import type { Reply } from './exchange.js';
import { schemaOf } from './openapi.js';
import type { RouteCall } from './routes.js';

/** Functions that the page shows in full; a catalogue of thousands is for programs. */
const MOST_SHOWN = 200;

/** The page for people: what is registered, a form to try it, and what was called lately. */
export function cataloguePage({ host }: RouteCall): Reply {
  const nonce = host.random.uuid();
  const entries = host.runtime.registry.entries();
  const shown = entries.slice(0, MOST_SHOWN);
  const more = entries.length - shown.length;
  const body = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Functions</title>
<style nonce="${nonce}">${PAGE_STYLE}</style>
</head>
<body>
<header><h1>Functions</h1>
<p>${entries.length} registered${host.isReady() ? '' : ', draining'} ·
<a href="/functions/">catalogue</a> · <a href="/openapi.json">OpenAPI</a> ·
<a href="/functions/health">health</a> · <a href="/metrics">metrics</a></p></header>
<main>
${shown.map(functionCard).join('\n')}
${more > 0 ? `<p>… and ${more} more in the <a href="/functions/">catalogue</a>.</p>` : ''}
${entries.length === 0 ? '<p class="empty">No function is registered.</p>' : ''}
<section><h2>Recent calls</h2>${recentTable(host.recent.list(), host.events !== undefined)}</section>
</main>
<script nonce="${nonce}">${PAGE_SCRIPT}</script>
</body>
</html>
`;
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
    body,
  };
}

function functionCard({ attributes, plugin, version }: RegisteredFunction): string {
  const { function_id: id, display_name: name, description, trigger_events: events } = attributes;
  const facts: readonly (readonly [string, string])[] = [
    ['Version', attributes.version],
    ['Events', events.length === 0 ? 'none' : events.join(', ')],
    ['Capabilities', String(attributes.capability_mask)],
    ['Authorization context', attributes.gsap_required ? 'required' : 'not required'],
    ['Recorded', attributes.chronicle_enabled ? 'yes' : 'no'],
    ['Time limit', `${attributes.max_duration_seconds} s`],
  ];
  const schema = schemaOf(plugin.schemas?.event, 'input');
  const path = `/functions/${encodeURIComponent(id)}`;
  return `<section class="card" id="${escapeHtml(id)}">
<h2>${escapeHtml(name === '' ? id : name)} <code>${escapeHtml(id)}</code></h2>
${description === '' ? '' : `<p>${escapeHtml(description)}</p>`}
<dl>${facts.map(([term, value]) => `<div><dt>${term}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>
<p class="small"><a href="${escapeHtml(path)}">descriptor</a> <code>${escapeHtml(version)}</code></p>
${
  plugin.schemas?.event === undefined
    ? ''
    : `<details><summary>Schema of the event</summary><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`
}
<details><summary>Try it</summary>
<form data-path="${escapeHtml(path)}/invoke">
<label>Event, as JSON<textarea name="event" rows="5" spellcheck="false">{}</textarea></label>
${
  attributes.gsap_required
    ? '<label>Authorization context<input name="gsap_context_id" autocomplete="off"></label>'
    : ''
}
<button>Call</button><pre class="reply" role="status" hidden></pre>
</form></details>
</section>`;
}

function recentTable(calls: readonly ObservedCall[], hasLineage: boolean): string {
  if (calls.length === 0) return '<p class="empty">Nothing was called yet.</p>';
  const rows = calls.map(({ functionId, result, startedAtMs, context, code }) => {
    const cid = result.lineage_cid;
    const link = `<a href="/lineage/${encodeURIComponent(cid)}"><code>${escapeHtml(cid.slice(0, 19))}…</code></a>`;
    const lineage =
      cid === '' ? '–' : hasLineage ? link : `<code>${escapeHtml(cid.slice(0, 19))}…</code>`;
    const outcome = result.success
      ? '<span class="good">succeeded</span>'
      : `<span class="bad">${escapeHtml(code ?? 'failed')}</span>`;
    return `<tr><td>${new Date(startedAtMs).toISOString().slice(11, 23)}</td><td>${escapeHtml(functionId)}</td><td>${outcome}</td><td class="number">${result.duration_ms.toFixed(1)} ms</td><td>${escapeHtml(context.trigger_event_kind || '–')}</td><td>${lineage}</td></tr>`;
  });
  return `<table><thead><tr><th>Time (UTC)</th><th>Function</th><th>Outcome</th><th>Took</th><th>Event</th><th>Lineage</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** Text that is safe between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
