import http from 'node:http';
import type { Send } from './send.ts';

const agent = new http.Agent({ keepAlive: true });
const HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n';
const TAIL = '\r\n--b--\r\n';

/** The minimum in Node: one request piped into another, with a constant multipart frame and no verification. */
export const send: Send = (from, to) =>
  new Promise((resolve, reject) => {
    http.get(from, { agent }, (source) => {
      const length = HEAD.length + Number(source.headers['content-length']) + TAIL.length;
      const headers = { 'content-type': 'multipart/form-data; boundary=b', 'content-length': length };
      const request = http.request(to, { agent, method: 'POST', headers }, (response) => {
        response.resume().once('end', resolve);
      });
      request.once('error', reject).write(HEAD);
      source.pipe(request, { end: false });
      source.once('end', () => request.end(TAIL));
    });
  });
