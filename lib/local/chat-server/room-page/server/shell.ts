import { html } from 'hono/html';

/** The page without its content, which the script draws. It loads nothing from another host. */
export const shell = ({ title, roomId }: { title: string; roomId: string }) => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" type="image/svg+xml" href="/room-page/icon.svg">
<link rel="stylesheet" href="/room-page/page.css">
<script defer src="/room-page/page.js"></script>
</head>
<body>
<div id="page" data-room="${roomId}"><noscript>This page needs JavaScript, which it loads from this server only.</noscript></div>
</body>
</html>`;

/** Strict: only the page's own script and style sheet, and no HTML from strings (Trusted Types without a policy). */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');
