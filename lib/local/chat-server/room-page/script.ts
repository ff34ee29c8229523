/**
 * The page's script: fetches new messages each second and appends them. The server escapes them, and the page's
 * Content-Security-Policy keeps any other script from running.
 */
export const pageScript = (shownCount: number): string => `
let count = ${shownCount};
const list = document.getElementById('messages');
const live = document.getElementById('live');
const bottom = () => window.scrollTo({ top: document.body.scrollHeight });
const isAtBottom = () => window.innerHeight + window.scrollY > document.body.scrollHeight - 80;

const update = async () => {
  const response = await fetch(location.pathname + '/messages?after=' + count, { cache: 'no-store' });
  if (!response.ok) throw new Error(String(response.status));
  const now = Number(response.headers.get('x-message-count'));
  // Fewer messages than before: the server was restarted.
  if (now < count) return location.reload();
  if (now === count) return;
  const follow = isAtBottom();
  list.insertAdjacentHTML('beforeend', await response.text());
  count = now;
  document.getElementById('empty').hidden = true;
  document.getElementById('count').textContent = count === 1 ? '1 message' : count + ' messages';
  if (follow) bottom();
};

const loop = async () => {
  try {
    if (!document.hidden) await update();
    live.textContent = 'live';
    live.className = '';
  } catch {
    live.textContent = 'not connected';
    live.className = 'lost';
  }
  setTimeout(loop, 1000);
};

if (!location.hash) bottom();
loop();
`;
