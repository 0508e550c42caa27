/** How the page looks: no fonts and no images to load. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--line:light-dark(#d9dce1,#3a3f47);--soft:light-dark(#5b6470,#9aa4b1);--card:light-dark(#fff,#1d2025);--back:light-dark(#f5f6f8,#14161a);--accent:light-dark(#1552b8,#7fb0ff)}
*{box-sizing:border-box}
body{margin:0;background:var(--back);font:15px/1.5 system-ui,sans-serif}
header,main{max-width:60rem;margin:0 auto;padding:1rem 1.25rem}
h1{margin:1rem 0 0;font-size:1.6rem}h2{font-size:1.1rem;margin:0 0 .5rem}header p{margin:.25rem 0;color:var(--soft)}
a{color:var(--accent)}code,pre,textarea{font:13px/1.45 ui-monospace,monospace}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem 1.25rem;margin:0 0 1rem;overflow-x:auto}
h2 code{color:var(--soft);font-weight:400;margin-left:.35rem}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));gap:.5rem 1.25rem;margin:.5rem 0}
dl div{min-width:0}dt{color:var(--soft);font-size:12px}dd{margin:0;overflow-wrap:anywhere}
.small{font-size:12px;color:var(--soft);overflow-wrap:anywhere}.small code{font-size:11px}
details{margin-top:.5rem}summary{cursor:pointer}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--back);border-radius:6px;padding:.6rem .75rem;margin:.5rem 0}
label{display:block;margin:.5rem 0;color:var(--soft);font-size:12px}
textarea,input{display:block;width:100%;margin-top:.2rem;padding:.5rem;border:1px solid var(--line);border-radius:6px;background:var(--back);color:CanvasText}
button{padding:.4rem 1.1rem;border:0;border-radius:6px;background:var(--accent);color:light-dark(#fff,#10131a);font:inherit;cursor:pointer}
table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;color:var(--soft);font-weight:500}
td,th{padding:.3rem .75rem .3rem 0;border-bottom:1px solid var(--line);white-space:nowrap}.number{font-variant-numeric:tabular-nums}
.good{color:light-dark(#157a3c,#62d28c)}.bad{color:light-dark(#b3261e,#ff8a80)}.empty{color:var(--soft);margin:0}
`;

/** Sends the forms; answers are shown as text, never as markup. */
export const PAGE_SCRIPT = `
for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', async (submitted) => {
    submitted.preventDefault();
    const reply = form.querySelector('.reply');
    reply.hidden = false;
    reply.textContent = '…';
    const context = form.elements.gsap_context_id;
    const given = context ? JSON.stringify({ gsap_context_id: context.value }) : '{}';
    try {
      const answer = await fetch(form.dataset.path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"event":' + form.elements.event.value + ',"context":' + given + '}',
      });
      const text = await answer.text();
      try {
        reply.textContent = JSON.stringify(JSON.parse(text), null, 2);
      } catch {
        reply.textContent = text;
      }
    } catch (error) {
      reply.textContent = String(error);
    }
  });
}
`;
