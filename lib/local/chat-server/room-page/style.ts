/** The page's CSS, with a light and a dark colour scheme. */
export const pageStyle = `
:root {
  --ground: #ffffff; --panel: #f7f8fa; --line: #e4e7ea; --text: #1f2329; --quiet: #6c727a;
  --accent: #156ff5; --hover: #f2f3f5; --good: #148660; --bad: #d40c26;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #1f2329; --panel: #262931; --line: #353b45; --text: #e4e7ea; --quiet: #9ea2a8;
    --accent: #76b7fc; --hover: #272b32; --good: #2de0a5; --bad: #f98f9d;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; }
header { position: sticky; top: 0; z-index: 1; display: flex; align-items: center; gap: .6rem;
  padding: .75rem 1.25rem; background: var(--ground); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 1.05rem; font-weight: 650; overflow-wrap: anywhere; }
.hash { color: var(--quiet); font-size: 1.2rem; }
#count { color: var(--quiet); font-size: .85rem; white-space: nowrap; }
#live { margin-left: auto; color: var(--good); font-size: .85rem; white-space: nowrap; }
#live::before { content: ''; display: inline-block; width: .55em; height: .55em; margin-right: .4em;
  border-radius: 50%; background: currentColor; }
#live.lost { color: var(--bad); }
main { max-width: 60rem; margin: 0 auto; padding: 1rem 0 2rem; }
#empty, .earlier { margin: 3rem 1.25rem; color: var(--quiet); text-align: center; }
.earlier { margin: .5rem 1.25rem; font-size: .85rem; }
ol { list-style: none; margin: 0; padding: 0; }
.day { display: flex; align-items: center; gap: .8rem; margin: .8rem 1.25rem; color: var(--quiet); font-size: .8rem; }
.day::before, .day::after { content: ''; flex: 1; border-top: 1px solid var(--line); }
.message { display: flex; gap: .75rem; padding: .5rem 1.25rem; scroll-margin-top: 4rem; }
.message:hover, .message:target { background: var(--hover); }
.avatar { flex: none; width: 2.25rem; height: 2.25rem; border-radius: 4px; background: var(--accent);
  color: var(--ground); font-weight: 650; text-align: center; line-height: 2.25rem; }
.content { min-width: 0; flex: 1; }
p { margin: 0; }
.byline { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .5rem; }
.name { font-weight: 650; overflow-wrap: anywhere; }
.tag, time, .size { color: var(--quiet); font-size: .8rem; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; }
.text code { font: 0.92em ui-monospace, monospace; padding: 0.1em 0.35em; border-radius: 4px; background: color-mix(in srgb, currentColor 9%, transparent); }
.attachment { margin-top: .35rem; padding: .6rem .75rem; max-width: 34rem; background: var(--panel);
  border: 1px solid var(--line); border-radius: 6px; }
.file { display: flex; align-items: baseline; gap: .6rem; overflow-wrap: anywhere; }
.file > a, .file > bdi { min-width: 0; }
.kind { flex: none; min-width: 2.6rem; padding: 0 .35rem; border: 1px solid var(--line); border-radius: 4px;
  color: var(--quiet); font-size: .7rem; font-weight: 650; text-align: center; }
.size { margin-left: auto; flex: none; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
img { display: block; max-width: 100%; max-height: 20rem; margin-top: .6rem; border-radius: 4px; }
`;
