import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { CallResult, EventFrame } from "../src/protocol.gen";
import { Outbox } from "../src/wire/outbox";
import { type Connection, Socket } from "../src/wire/socket";
import { ulid } from "../src/wire/ulid";
import { FakeSocket, memoryStore } from "./fakes";

const result: CallResult = { call_id: "c1", disposition: "sale" };

function world(store = memoryStore(), random = () => 1) {
  const sockets: FakeSocket[] = [];
  const states: Connection[] = [];
  const events: EventFrame[] = [];
  const kept: [string, boolean][] = [];
  let tick = () => {};
  const socket = new Socket({
    url: "ws://test/v1/socket",
    outbox: new Outbox(store),
    onEvent: (e) => void events.push(e),
    onConnection: (c) => void states.push(c),
    onKept: (command, answer) => void kept.push([command.id, answer.ok]),
    make(url) {
      const made = new FakeSocket(url);
      sockets.push(made);
      return made as unknown as WebSocket;
    },
    random,
    ticks(f) {
      const timer = setInterval(f, 2_500);
      tick = f;
      return () => clearInterval(timer);
    },
  });
  return { socket, sockets, states, events, kept, store, tick: () => tick(), server: () => sockets.at(-1)!, state: () => states.at(-1)!.state };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("greeting", () => {
  test("hello comes first and alone; the connection is open with its reply", () => {
    const w = world();
    w.socket.start();
    w.server().accept();
    expect(w.server().sent.map((c) => c.t)).toEqual(["hello"]);
    expect(w.state()).toBe("connecting");
    w.server().greet();
    expect(w.state()).toBe("open");
    expect(w.events.map((e) => e.t)).toEqual(["welcome"]);
    w.socket.stop();
  });

  test("a server that never welcomes is left after ten seconds", () => {
    const w = world();
    w.socket.start();
    w.server().accept();
    vi.advanceTimersByTime(13_000);
    expect(w.state()).toBe("reconnecting");
    vi.advanceTimersByTime(1_000);
    expect(w.sockets).toHaveLength(2);
    w.socket.stop();
  });
});

describe("reconnection", () => {
  test("waits between half a second and a bound that doubles up to 15 s", () => {
    for (const [random, bounds] of [
      [() => 1, [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]],
      [() => 0, [500, 500, 500, 500, 500, 500]],
    ] as const) {
      const w = world(undefined, random);
      w.socket.start();
      for (const [i, bound] of bounds.entries()) {
        w.server().lose(1006);
        vi.advanceTimersByTime(bound - 1);
        expect(w.sockets).toHaveLength(i + 1);
        vi.advanceTimersByTime(1);
        expect(w.sockets).toHaveLength(i + 2);
      }
      w.socket.stop();
    }
  });

  test("the bound starts again after a connection that lasted, not after one that did not", () => {
    const w = world();
    w.socket.start();
    for (let i = 0; i < 4; i++) {
      w.server().greet();
      w.server().lose(4008);
      vi.advanceTimersByTime(9_000);
    }
    w.server().greet();
    for (let i = 0; i < 6; i++) {
      vi.advanceTimersByTime(2_500);
      if (w.server().of("ping").length > 0) w.server().ok("ping", { now: "" });
    }
    const made = w.sockets.length;
    w.server().lose(4001);
    vi.advanceTimersByTime(1_000);
    expect(w.sockets).toHaveLength(made + 1);
    w.socket.stop();
  });

  test.each([1006, 4001, 4008, 4009, 4029, 4400, 4401, 4499])("close code %d connects again", (code) => {
    const w = world();
    w.socket.start();
    w.server().greet();
    w.server().lose(code);
    expect(w.state()).toBe("reconnecting");
    vi.advanceTimersByTime(1_000);
    expect(w.sockets).toHaveLength(2);
    w.socket.stop();
  });

  test.each([4500, 4503, 4504, 4999])("close code %d is final until somebody asks", (code) => {
    const w = world();
    w.socket.start();
    w.server().greet();
    w.server().lose(code, "why");
    expect(w.states.at(-1)).toEqual({ state: "closed", code, reason: "why" });
    vi.advanceTimersByTime(120_000);
    w.socket.nudge();
    expect(w.sockets).toHaveLength(1);
    w.socket.start();
    expect(w.sockets).toHaveLength(2);
    w.socket.stop();
  });

  test("a nudge connects at once", () => {
    const w = world();
    w.socket.start();
    w.server().lose(1006);
    w.socket.nudge();
    expect(w.sockets).toHaveLength(2);
    vi.advanceTimersByTime(500);
    expect(w.sockets).toHaveLength(2);
    w.socket.stop();
  });

  test("an event of a connection that was given up is not heard", () => {
    const w = world();
    w.socket.start();
    const old = w.server();
    old.greet();
    old.lose(4001);
    old.event("agent.message", {});
    expect(w.events.map((e) => e.t)).toEqual(["welcome"]);
    w.socket.stop();
  });
});

describe("liveness", () => {
  test("pings come at least every heartbeat, and silence ends the connection after two and a half", () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    const server = w.server();
    for (let second = 0; second < 60; second += 2.5) {
      vi.advanceTimersByTime(2_500);
      if (server.of("ping").length > 0) server.ok("ping", { now: "" });
    }
    expect(server.of("ping").length).toBeGreaterThanOrEqual(6);
    expect(w.state()).toBe("open");
    vi.advanceTimersByTime(27_500);
    expect(w.state()).not.toBe("open");
    expect(server.closedWith).toBe(4009);
    w.socket.stop();
  });

  test("what is no JSON ends the connection", () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    w.server().onmessage?.({ data: "<html>" });
    expect(w.state()).toBe("reconnecting");
    w.socket.stop();
  });
});

describe("gaps", () => {
  test("ask once for the whole state, and again for a later gap", () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    w.server().event("state.changed", {}, 3);
    w.server().event("state.changed", {}, 5);
    expect(w.server().of("resync")).toHaveLength(1);
    w.server().event("resync", {});
    w.server().ok("resync");
    w.server().event("state.changed", {});
    expect(w.server().of("resync")).toHaveLength(1);
    w.server().event("state.changed", {}, 20);
    expect(w.server().of("resync")).toHaveLength(2);
    w.socket.stop();
  });

  test("a refused resync ends the connection: the next welcome has the state", () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    w.server().event("state.changed", {}, 9);
    w.server().refuse("resync", "internal");
    return vi.advanceTimersByTimeAsync(0).then(() => {
      expect(w.state()).toBe("reconnecting");
      w.socket.stop();
    });
  });
});

describe("commands that are not kept", () => {
  test("are refused without a connection and when it is lost, and never sent later", async () => {
    const w = world();
    w.socket.start();
    expect((await w.socket.send("call.hangup", { call_id: "c1" })).ok).toBe(false);
    w.server().greet();
    const waiting = w.socket.send("call.hangup", { call_id: "c1" });
    w.server().lose(1006);
    expect((await waiting).ok).toBe(false);
    await vi.advanceTimersByTimeAsync(5_000);
    w.server().greet();
    expect(w.server().of("call.hangup")).toHaveLength(0);
    w.socket.stop();
  });

  test("carry the revision and give the reply, or the problem", async () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    const found = w.socket.send("contact.find", { text: "Rivera" });
    w.server().ok("contact.find", { contacts: [] });
    expect(await found).toEqual({ ok: true, d: { contacts: [] } });
    const set = w.socket.send("state.set", { state: "ready" }, 17);
    expect(w.server().last("state.set").rev).toBe(17);
    w.server().refuse("state.set", "stale");
    expect(await set).toMatchObject({ ok: false, problem: { code: "stale" } });
    w.socket.stop();
  });

  test("end without an answer after twenty seconds", async () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    const waiting = w.socket.send("call.hold", { call_id: "c1" });
    for (let i = 0; i < 9; i++) {
      vi.advanceTimersByTime(2_500);
      if (w.server().of("ping").length > 0) w.server().ok("ping", { now: "" });
    }
    expect((await waiting).ok).toBe(false);
    expect(w.state()).toBe("open");
    w.socket.stop();
  });
});

describe("kept commands", () => {
  test("are sent again as the same bytes after every reconnection, until answered", () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    const id = w.socket.keep("call.result", result);
    for (let i = 0; i < 3; i++) {
      w.server().lose(1006);
      vi.advanceTimersByTime(5_000);
      w.server().greet();
    }
    const sent = w.sockets.map((s) => JSON.stringify(s.last("call.result")));
    expect(sent).toHaveLength(4);
    expect(new Set(sent).size).toBe(1);
    w.server().ok("call.result", {});
    expect(w.kept).toEqual([[id, true]]);
    w.server().lose(1006);
    vi.advanceTimersByTime(9_000);
    w.server().greet();
    expect(w.server().of("call.result")).toHaveLength(0);
    w.socket.stop();
  });

  test("survive a reload, of the same person only", () => {
    const first = world();
    first.socket.start();
    first.server().greet(12);
    const pause = first.socket.keep("state.set", { state: "not_ready", after_call: true });
    const id = first.socket.keep("call.result", result);
    first.socket.stop();

    const other = world(first.store);
    other.socket.start();
    other.server().greet(99);
    expect(other.server().sent.map((c) => c.t)).toEqual(["hello"]);
    other.socket.stop();

    const again = world(first.store);
    again.socket.start();
    again.server().greet(12);
    expect(again.server().sent.map((c) => c.id).slice(1)).toEqual([pause, id]);
    again.server().ok("call.result", {});
    expect(again.kept).toEqual([[id, true]]);
    again.socket.stop();
  });

  test("asked for without a connection go out with the next one, after hello was answered", () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    w.server().lose(1006);
    w.socket.keep("call.result", result);
    vi.advanceTimersByTime(5_000);
    w.server().accept();
    expect(w.server().of("call.result")).toHaveLength(0);
    w.server().greet();
    expect(w.server().of("call.result")).toHaveLength(1);
    w.socket.stop();
  });

  test.each(["unavailable", "rate_limited"])("wait out a server that is %s", (code) => {
    const w = world();
    w.socket.start();
    w.server().greet();
    w.socket.keep("call.result", result);
    w.server().refuse("call.result", code);
    expect(w.kept).toEqual([]);
    vi.advanceTimersByTime(1_000);
    expect(w.server().of("call.result")).toHaveLength(2);
    w.server().refuse("call.result", code);
    vi.advanceTimersByTime(1_999);
    expect(w.server().of("call.result")).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(w.server().of("call.result")).toHaveLength(3);
    w.server().ok("call.result", {});
    expect(w.kept).toHaveLength(1);
    w.socket.stop();
  });

  test("are given up on any other refusal, which is told", () => {
    const w = world();
    w.socket.start();
    w.server().greet();
    const id = w.socket.keep("call.result", result);
    w.server().refuse("call.result", "invalid");
    expect(w.kept).toEqual([[id, false]]);
    expect([...w.store.map.keys()]).toEqual([]);
    w.socket.stop();
  });
});

test("ulids are ULIDs, unique, and in the order of their making", () => {
  const made = Array.from({ length: 500 }, () => ulid(Date.UTC(2026, 10, 24)));
  for (const id of made) expect(id).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  expect([...made].sort()).toEqual(made);
  expect(new Set(made).size).toBe(500);
});
