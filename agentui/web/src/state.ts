import { computed, signal } from "@preact/signals";
import type { AgentSnapshot, Floor } from "./protocol.gen";
import { AgentSocket, type Connection, type Problem } from "./socket";

/** What the screens render; only the socket writes here. */
export const snapshot = signal<AgentSnapshot | null>(null);
export const floor = signal<Floor | null>(null);
export const connection = signal<{ state: Connection; why: string }>({ state: "connecting", why: "" });
export const problem = signal<string>("");
export const notice = signal<string>("");
/** now ticks once a second for every clock on the screen, in the server's time. */
export const now = signal(Date.now());
let skew = 0;

export const live = computed(() => connection.value.state === "open");

let socket: AgentSocket | undefined;

export function connect(topics: string[]): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new AgentSocket({
    url: `${scheme}://${location.host}/v1/socket`,
    onConnection: (state, why) => {
      connection.value = { state, why };
    },
    onEvent: (type, data) => {
      take(type, data);
      if (type === "welcome" && topics.length > 0) void socket?.send("watch", { topics }).catch(tell);
    },
  });
  socket.start();
  setInterval(() => (now.value = Date.now() + skew), 1000);
}

function take(type: string, data: unknown): void {
  if (type === "floor") {
    floor.value = data as Floor;
    if (snapshot.value === null) skew = Date.parse(floor.value.at) - Date.now();
    return;
  }
  const body = data as { snapshot?: AgentSnapshot; text?: string } | null;
  if (body?.snapshot) {
    if (snapshot.value === null || body.snapshot.rev >= snapshot.value.rev || type === "welcome") {
      snapshot.value = body.snapshot;
      skew = Date.parse(body.snapshot.now) - Date.now();
    }
  }
  if (type === "agent.message" && body?.text) notice.value = body.text;
}

/** command sends and shows a refusal; it gives undefined when refused. */
export async function command<T = unknown>(
  type: string,
  data?: unknown,
  more: { rev?: number; keep?: boolean } = {},
): Promise<T | undefined> {
  problem.value = "";
  try {
    return await socket?.send<T>(type, data, more);
  } catch (failure) {
    tell(failure);
    return undefined;
  }
}

function tell(failure: unknown): void {
  const p = failure as Problem;
  problem.value = [p.field, p.detail ?? p.title ?? "Something went wrong"].filter(Boolean).join(": ");
}
