import { computed, signal } from "@preact/signals";
import { shared } from "./base/storage";
import { explain } from "./base/format";
import type { AgentSnapshot, CommandName, Commands, EventFrame, Floor, Replies, Topic, UserView } from "./protocol.gen";
import { Outbox } from "./wire/outbox";
import { type Connection, Socket, type SocketOptions, type Trouble } from "./wire/socket";

/** What the screens render; only the socket's events change it. */
export const user = signal<UserView | null>(null);
export const snapshot = signal<AgentSnapshot | null>(null);
export const floor = signal<Floor | null>(null);
export const connection = signal<Connection>({ state: "connecting" });
export const live = computed(() => connection.value.state === "open");

/** What is said to the person once, newest last. */
export interface Message {
  id: number;
  kind: "problem" | "info";
  text: string;
}
export const messages = signal<Message[]>([]);

/** now is the server's business time in ms; it moves once a second. */
export const now = signal(Date.now());
let skew = 0;
setInterval(() => (now.value = serverNow()), 1000);

/** serverNow is the server's business time in ms. */
export function serverNow(): number {
  return Date.now() + skew;
}

/** setClock follows the server's clock; small differences are the network's. */
function setClock(text: string | undefined): void {
  const found = Date.parse(text ?? "") - Date.now();
  if (Number.isNaN(found) || Math.abs(found - skew) < 1500) return;
  skew = found;
  now.value = serverNow();
}

let lastMessage = 0;

/** say shows a message; the same one is not shown twice. */
export function say(kind: Message["kind"], text: string): void {
  const others = messages.value.filter((m) => m.text !== text);
  messages.value = [...others, { id: ++lastMessage, kind, text }].slice(-3);
}

/** dismiss takes a message away, or all problems. */
export function dismiss(id?: number): void {
  messages.value = messages.value.filter((m) => (id === undefined ? m.kind !== "problem" : m.id !== id));
}

export let socket: Socket;

/** connect opens the page's connection; topics is what a supervisor watches. */
export function connect(topics: Topic[], onKept: SocketOptions["onKept"] = () => undefined): () => void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new Socket({
    url: `${scheme}://${location.host}/v1/socket`,
    outbox: new Outbox(shared),
    onEvent: take,
    onKept,
    onConnection(now) {
      connection.value = now;
      if (now.state === "open" && topics.length > 0) void command("watch", { topics });
    },
  });
  const nudge = () => document.visibilityState === "visible" && socket.nudge();
  addEventListener("online", nudge);
  document.addEventListener("visibilitychange", nudge);
  socket.start();
  return () => socket.stop();
}

function take(event: EventFrame): void {
  switch (event.t) {
    case "floor":
      floor.value = event.d;
      setClock(event.d.at);
      return;
    case "welcome":
      user.value = event.d.user;
      if (event.d.snapshot) show(event.d.snapshot, true);
      return;
    case "resync":
      if (event.d.snapshot) show(event.d.snapshot, true);
      return;
    case "call.offered":
    case "call.updated":
    case "call.ended":
    case "state.changed":
    case "phone.changed":
    case "callback.due":
    case "agent.message":
      if (event.d.snapshot) show(event.d.snapshot, false);
      if (event.d.text) say("info", event.d.text);
  }
  // An event of a newer server is none of ours.
}

/** show takes a snapshot over; an older one only where it is the whole truth. */
function show(s: AgentSnapshot, whole: boolean): void {
  if (!whole && snapshot.value && s.rev < snapshot.value.rev) return;
  snapshot.value = s;
  setClock(s.now);
}

/** command asks for something and says why it was refused; undefined then. */
export async function command<K extends CommandName>(
  t: K,
  d: Commands[K],
  more: { rev?: number; zone?: string } = {},
): Promise<{ d: Replies[K] } | undefined> {
  const answer = await socket.send(t, d, more.rev);
  if (answer.ok) {
    dismiss();
    return { d: answer.d };
  }
  refused(answer.problem, more.zone);
  return undefined;
}

/** refused shows a problem, and the state that it tells of. */
export function refused(problem: Trouble, zone?: string): void {
  if (problem.code === "stale" && problem.current) show(problem.current as AgentSnapshot, true);
  say("problem", explain(problem, zone));
}

/** signOut ends the browser's session and goes to the sign-in page. */
export async function signOut(): Promise<void> {
  try {
    await fetch("/v1/sign-out", { method: "POST" });
  } finally {
    location.assign("/");
  }
}
