const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether a request was addressed to this machine by name. A page of some other site can have its own name resolve to
 * 127.0.0.1 (DNS rebinding) and would then read what we serve; but its name is what the browser sends as `Host`.
 */
export const isLoopbackHost = (host: string | undefined): boolean => host !== undefined && LOOPBACK.test(host);
