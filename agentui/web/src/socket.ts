// The one connection to the server: envelope, outbox, reconnection.
// Commands are sent again under their id until they are answered, so that a
// lost connection costs no result; what the server knows arrives as a snapshot.

export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  field?: string;
}

interface Frame {
  t?: string;
  seq?: number;
  re?: string;
  ok?: boolean;
  rev?: number;
  d?: unknown;
  err?: Problem;
}

interface Pending {
  frame: string;
  settle: (d: unknown) => void;
  fail: (p: Problem) => void;
  /** Live control is dropped with the connection; results are kept. */
  keep: boolean;
}

export type Connection = "connecting" | "open" | "reconnecting" | "closed";

export interface SocketOptions {
  url: string;
  onEvent: (type: string, data: unknown) => void;
  onConnection: (state: Connection, why: string) => void;
  /** For tests. */
  make?: (url: string) => WebSocket;
  random?: () => number;
}

const pingEvery = 10_000;
const silentFor = 25_000;
const outboxBound = 200;

/** ulid makes a 26-character sortable id (Crockford base 32). */
export function ulid(now = Date.now(), random = Math.random): string {
  const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  let text = "";
  for (let i = 9; i >= 0; i--) {
    text = alphabet[now % 32] + text;
    now = Math.floor(now / 32);
  }
  for (let i = 0; i < 16; i++) text += alphabet[Math.floor(random() * 32)];
  return text;
}

export class AgentSocket {
  private socket: WebSocket | undefined;
  private pending = new Map<string, Pending>();
  private tries = 0;
  private seq = 0;
  private lastHeard = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private greeted = false;

  constructor(private readonly options: SocketOptions) {}

  start(): void {
    this.stopped = false;
    this.open();
    this.timer = setInterval(() => this.beat(), 5_000);
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    clearTimeout(this.retry);
    this.socket?.close(1000);
  }

  /** send gives the reply's payload, or throws the server's Problem. */
  send<T = unknown>(type: string, data?: unknown, more: { rev?: number; keep?: boolean } = {}): Promise<T> {
    if (this.pending.size >= outboxBound) {
      return Promise.reject({ title: "Too many unanswered commands" } satisfies Problem);
    }
    if (!more.keep && !this.greeted) {
      return Promise.reject({ title: "Not connected" } satisfies Problem);
    }
    const id = ulid();
    const frame = JSON.stringify({ t: type, id, rev: more.rev, d: data });
    return new Promise<T>((resolve, reject) => {
      this.pending.set(id, { frame, settle: (d) => resolve(d as T), fail: reject, keep: more.keep ?? false });
      if (this.greeted) this.socket?.send(frame);
    });
  }

  private open(): void {
    this.greeted = false;
    this.options.onConnection(this.tries === 0 ? "connecting" : "reconnecting", "");
    const make = this.options.make ?? ((url) => new WebSocket(url, "ringmaster.v1.json"));
    const socket = make(this.options.url);
    this.socket = socket;
    this.lastHeard = Date.now();
    socket.onopen = () => this.greet(socket);
    socket.onmessage = (message) => this.hear(String(message.data));
    socket.onclose = (event) => this.lost(event.code, event.reason);
  }

  private greet(socket: WebSocket): void {
    const id = ulid();
    this.pending.set(id, {
      frame: "",
      keep: false,
      fail: () => socket.close(),
      settle: (d) => {
        this.tries = 0;
        this.greeted = true;
        this.options.onConnection("open", "");
        this.options.onEvent("welcome", d);
        for (const p of this.pending.values()) if (p.keep) socket.send(p.frame);
      },
    });
    socket.send(JSON.stringify({ t: "hello", id, d: { client: "web" } }));
  }

  private hear(text: string): void {
    this.lastHeard = Date.now();
    const frame = JSON.parse(text) as Frame;
    if (frame.re !== undefined) {
      const waiting = this.pending.get(frame.re);
      this.pending.delete(frame.re);
      if (frame.ok) waiting?.settle(frame.d);
      else waiting?.fail(frame.err ?? { title: "Refused" });
      return;
    }
    if (frame.seq !== undefined) {
      const gap = this.seq !== 0 && frame.seq > this.seq + 1;
      this.seq = frame.seq;
      if (gap) void this.send("resync").then((d) => this.options.onEvent("welcome", d), () => undefined);
    }
    if (frame.t !== undefined) this.options.onEvent(frame.t, frame.d);
  }

  private lost(code: number, reason: string): void {
    this.greeted = false;
    this.seq = 0;
    for (const [id, p] of this.pending) {
      if (p.keep) continue;
      this.pending.delete(id);
      p.fail({ title: "The connection was lost; nothing was changed by this" });
    }
    if (this.stopped || (code >= 4500 && code < 5000)) {
      clearInterval(this.timer);
      this.options.onConnection("closed", closeText(code, reason));
      return;
    }
    this.tries++;
    this.options.onConnection("reconnecting", reason);
    // Full jitter between half a second and fifteen.
    const most = Math.min(15_000, 500 * 2 ** Math.min(this.tries, 6));
    const random = this.options.random ?? Math.random;
    this.retry = setTimeout(() => this.open(), Math.max(500, random() * most));
  }

  private beat(): void {
    if (!this.greeted) return;
    const quiet = Date.now() - this.lastHeard;
    if (quiet > silentFor) this.socket?.close(4009);
    else if (quiet > pingEvery - 5_000) void this.send("ping").catch(() => undefined);
  }
}

function closeText(code: number, reason: string): string {
  if (code === 4503) return "This seat was taken over by another tab.";
  if (code === 4500) return "You are signed out.";
  return reason || "The connection was closed.";
}
