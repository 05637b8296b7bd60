import {
  CLOSE,
  type CommandName,
  type Commands,
  type EventFrame,
  HEARTBEAT_MS,
  type Problem,
  type Replies,
  type ReplyFrame,
  SUBPROTOCOL,
  type Welcome,
} from "../protocol.gen";
import { every } from "./beat";
import type { Kept, Outbox } from "./outbox";
import { ulid } from "./ulid";

export type Connection =
  | { state: "connecting" | "open" | "reconnecting" }
  /** The server's last word; nothing happens until a person asks for it. */
  | { state: "closed"; code: number; reason: string };

/** What became of a command. */
export type Answer<K extends CommandName> = { ok: true; d: Replies[K] } | { ok: false; problem: Trouble };

/** A problem of the server, or of the way to it. */
export type Trouble = Pick<Problem, "title"> & Partial<Problem>;

export interface SocketOptions {
  url: string;
  outbox: Outbox;
  onEvent: (event: EventFrame) => void;
  onConnection: (now: Connection) => void;
  /** onKept tells the answer to a kept command, whichever page asked for it. */
  onKept: (command: Kept, answer: Answer<CommandName>) => void;
  /** For tests. */
  make?: (url: string) => WebSocket;
  random?: () => number;
  ticks?: (tick: () => void) => () => void;
}

/** How long a command may go without an answer, and a connection without welcome, in ms. */
const answerWithin = 20_000;
const greetWithin = 10_000;
/** Unanswered commands at once; more means that something is wrong. */
const pendingBound = 100;
/** Refusals that mean "later": a kept command is sent again after them. */
const passing = new Set(["unavailable", "rate_limited"]);

interface Pending {
  settle: (answer: Answer<CommandName>) => void;
  deadline: number;
}

/**
 * Socket is the one connection to the server: envelope, pings, reconnection,
 * and the commands that must not be lost. What the server knows comes with the
 * event welcome, so a reconnection needs no replay.
 */
export class Socket {
  private ws: WebSocket | undefined;
  private open = false;
  private tries = 0;
  private seq = 0;
  private resyncing = false;
  private heartbeat = HEARTBEAT_MS;
  private began = 0;
  private heard = 0;
  private pinged = 0;
  private readonly pending = new Map<string, Pending>();
  private again: ReturnType<typeof setTimeout> | undefined;
  private later: ReturnType<typeof setTimeout> | undefined;
  private delay = 0;
  private quiet: (() => void) | undefined;

  constructor(private readonly options: SocketOptions) {}

  /** start connects, and starts anew after a final close. */
  start(): void {
    this.stop();
    this.quiet = (this.options.ticks ?? every)(() => this.tick());
    this.connect("connecting");
  }

  /** stop ends the connection and every timer; kept commands stay kept. */
  stop(): void {
    this.quiet?.();
    this.quiet = undefined;
    clearTimeout(this.again);
    this.drop(1000);
  }

  /** nudge is for moments at which the network may be back. */
  nudge(): void {
    if (this.quiet === undefined) return;
    if (this.ws === undefined) this.connect("reconnecting");
    else if (this.open) this.ping();
  }

  /** send asks for something now or not at all. It never rejects. */
  send<K extends CommandName>(t: K, d: Commands[K], rev?: number): Promise<Answer<K>> {
    if (!this.open) return Promise.resolve(refusal("There is no connection to the server just now"));
    if (this.pending.size >= pendingBound) return Promise.resolve(refusal("Too many commands are unanswered"));
    return new Promise((resolve) => {
      const id = ulid();
      this.pending.set(id, { settle: resolve as Pending["settle"], deadline: Date.now() + answerWithin });
      this.write({ t, id, rev, d });
    });
  }

  /** keep asks for something that must happen: now, or when the connection is back. */
  keep<K extends CommandName>(t: K, d: Commands[K]): string {
    const kept = this.options.outbox.add(t, d);
    if (this.open) this.write(kept);
    return kept.id;
  }

  private write(frame: object): void {
    if (this.ws?.readyState === 1) this.ws.send(JSON.stringify(frame));
  }

  private connect(state: "connecting" | "reconnecting"): void {
    clearTimeout(this.again);
    this.options.onConnection({ state });
    const ws = (this.options.make ?? ((url) => new WebSocket(url, SUBPROTOCOL)))(this.options.url);
    this.ws = ws;
    this.began = this.heard = Date.now();
    ws.onopen = () => this.greet();
    ws.onmessage = (message) => this.hear(String(message.data));
    ws.onclose = (event) => this.lost(event.code, event.reason);
  }

  private greet(): void {
    const id = ulid();
    this.pending.set(id, {
      deadline: Date.now() + greetWithin,
      settle: (answer) => {
        // A refused hello is followed by the server's close frame.
        if (!answer.ok) return;
        this.open = true;
        this.options.onConnection({ state: "open" });
        this.resend();
      },
    });
    this.write({ t: "hello", id, d: { client: "ringmaster-web" } });
  }

  /** resend sends every kept command, the oldest first. */
  private resend(): void {
    clearTimeout(this.later);
    this.later = undefined;
    for (const kept of this.options.outbox.list()) this.write(kept);
  }

  private hear(text: string): void {
    this.heard = Date.now();
    let frame: ReplyFrame | EventFrame;
    try {
      frame = JSON.parse(text);
    } catch {
      this.lost(CLOSE.junk, "the server sent what is no JSON");
      return;
    }
    if ("re" in frame) this.answered(frame);
    else if (typeof frame.t === "string") this.happened(frame);
  }

  private answered(reply: ReplyFrame): void {
    const answer: Answer<CommandName> = reply.ok
      ? { ok: true, d: reply.d as Replies[CommandName] }
      : { ok: false, problem: reply.err ?? { title: "Refused" } };
    const waiting = this.pending.get(reply.re);
    if (waiting) {
      this.pending.delete(reply.re);
      waiting.settle(answer);
      return;
    }
    const kept = this.options.outbox.get(reply.re);
    if (kept === undefined) return;
    if (!answer.ok && passing.has(answer.problem.code ?? "")) {
      // Sent again soon, at longer and longer intervals.
      this.delay = Math.min(10_000, Math.max(1_000, 2 * this.delay));
      this.later ??= setTimeout(() => this.resend(), this.delay);
      return;
    }
    this.delay = 0;
    this.options.outbox.remove(kept.id);
    this.options.onKept(kept, answer);
  }

  private happened(event: EventFrame): void {
    if (event.t === "welcome") this.welcomed(event.d);
    if (event.t === "resync") this.resyncing = false;
    const gap = this.seq !== 0 && event.seq !== this.seq + 1;
    this.seq = event.seq;
    this.options.onEvent(event);
    if (gap && !this.resyncing) {
      this.resyncing = true;
      void this.send("resync", {}).then((answer) => {
        if (!answer.ok && this.resyncing) this.lost(CLOSE.restart, "the state could not be had");
      });
    }
  }

  private welcomed(welcome: Welcome): void {
    this.heartbeat = welcome.heartbeat_ms > 0 ? welcome.heartbeat_ms : HEARTBEAT_MS;
    this.options.outbox.open(welcome.user.id);
  }

  private lost(code: number, reason: string): void {
    this.drop(code);
    if (code >= 4500 && code < 5000) {
      this.stop();
      this.options.onConnection({ state: "closed", code, reason });
      return;
    }
    if (this.quiet === undefined) return;
    this.options.onConnection({ state: "reconnecting" });
    // Full jitter between half a second and 15 s, so that a restarted server
    // is not met by everybody at once.
    const most = Math.min(15_000, 1_000 * 2 ** this.tries++);
    const wait = 500 + (this.options.random ?? Math.random)() * (most - 500);
    this.again = setTimeout(() => this.connect("reconnecting"), wait);
  }

  /** drop forgets the connection and answers what waited for it. */
  private drop(code: number): void {
    const ws = this.ws;
    this.ws = undefined;
    this.open = this.resyncing = false;
    this.seq = 0;
    clearTimeout(this.later);
    this.later = undefined;
    if (ws) {
      ws.onopen = ws.onmessage = ws.onclose = null;
      // Only 1000 and 3000–4999 may be given to a browser's close.
      ws.close(code >= 3000 ? code : 1000);
    }
    const waiting = [...this.pending.values()];
    this.pending.clear();
    for (const p of waiting) p.settle(refusal("The connection was lost before the answer came; look at the state"));
  }

  private ping(): void {
    this.pinged = Date.now();
    void this.send("ping", {});
  }

  private tick(): void {
    const now = Date.now();
    if (this.ws === undefined) return;
    if (!this.open) {
      if (now - this.began > greetWithin) this.lost(CLOSE.no_ping, "no welcome came");
      return;
    }
    if (now - this.heard > 2.5 * this.heartbeat) {
      this.lost(CLOSE.no_ping, "nothing was heard of the server");
      return;
    }
    // A connection that lasted makes the next retry a quick one.
    if (now - this.began > greetWithin) this.tries = 0;
    if (now - this.pinged >= this.heartbeat - 2_000) this.ping();
    for (const [id, p] of this.pending) {
      if (now < p.deadline) continue;
      this.pending.delete(id);
      p.settle(refusal("No answer came; look at the state"));
    }
  }
}

function refusal(title: string): { ok: false; problem: Trouble } {
  return { ok: false, problem: { title } };
}
