import type { Store } from "../src/base/storage";

/** memoryStore is a Store that tests can look into. */
export function memoryStore(): Store & { map: Map<string, string> } {
  const map = new Map<string, string>();
  return {
    map,
    get: (key) => map.get(key),
    set: (key, value) => void map.set(key, value),
    remove: (key) => void map.delete(key),
    keys: (prefix) => [...map.keys()].filter((k) => k.startsWith(prefix)).sort(),
  };
}

/** FakeSocket stands for the browser's WebSocket; a test plays the server. */
export class FakeSocket {
  readyState = 0;
  sent: { t: string; id: string; d: Record<string, unknown>; rev?: number }[] = [];
  closedWith: number | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((m: { data: string }) => void) | null = null;
  onclose: ((e: { code: number; reason: string }) => void) | null = null;
  private seq = 0;

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code: number): void {
    this.readyState = 3;
    this.closedWith = code;
  }

  /** accept opens the connection; the client says hello. */
  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  /** greet accepts, welcomes and answers hello, in the server's order. */
  greet(userID = 12): void {
    this.accept();
    this.event("welcome", {
      session: "s",
      seq: 1,
      heartbeat_ms: 10_000,
      user: { id: userID, name: "ana", display_name: "Ana", role: "agent" },
    });
    this.ok("hello");
  }

  event(t: string, d: unknown, seq = this.seq + 1): void {
    this.seq = seq;
    this.hear({ t, seq, ts: "2026-11-24T15:00:00Z", d });
  }

  /** ok answers the last command of a name. */
  ok(t: string, d?: unknown): void {
    this.hear({ re: this.last(t).id, ok: true, rev: 1, d });
  }

  refuse(t: string, code: string): void {
    this.hear({ re: this.last(t).id, ok: false, err: { type: "", title: "No", status: 400, code } });
  }

  lose(code: number, reason = ""): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  of(t: string) {
    return this.sent.filter((c) => c.t === t);
  }

  last(t: string) {
    const found = this.of(t).at(-1);
    if (!found) throw new Error(`no ${t} was sent`);
    return found;
  }

  private hear(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
}

/** textOf is what a component without hooks puts on the page, attributes left out. */
export function textOf(node: unknown): string {
  if (Array.isArray(node)) return node.map(textOf).join("");
  if (typeof node === "string" || typeof node === "number") return String(node);
  if (typeof node !== "object" || node === null) return "";
  const { type, props } = node as { type: unknown; props: { children?: unknown } };
  return typeof type === "function" ? textOf(type(props)) : textOf(props.children);
}
