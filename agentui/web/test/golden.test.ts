import { describe, expect, test } from "vitest";
import source from "../src/protocol.gen.ts?raw";
import { GUARDED } from "../src/protocol.gen";
import { Shapes } from "./shapes";

const frames = import.meta.glob<Record<string, unknown>>("../../protocol/testdata/*.json", { eager: true, import: "default" });
const shapes = new Shapes(source);
const named = Object.entries(frames).map(([path, frame]) => [path.replace(/^.*\//, "").replace(/\.json$/, ""), frame] as const);

describe("the server's golden frames have the shape of the generated types", () => {
  test("there are some of every kind", () => {
    for (const kind of ["command.", "event.", "reply.", "error."]) {
      expect(named.some(([name]) => name.startsWith(kind)), kind).toBe(true);
    }
  });

  test.each(named.filter(([name]) => name.startsWith("command.")))("%s", (name, frame) => {
    const t = name.slice("command.".length);
    expect(frame.t).toBe(t);
    expect(frame.id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    expect(shapes.check(shapes.member("Commands", t), frame.d ?? {})).toEqual([]);
  });

  test.each(named.filter(([name]) => name.startsWith("event.")))("%s", (name, frame) => {
    const t = name.slice("event.".length);
    expect(frame).toMatchObject({ t, seq: expect.any(Number), ts: expect.any(String) });
    expect(shapes.check(shapes.member("Events", t), frame.d)).toEqual([]);
  });

  test.each(named.filter(([name]) => name.startsWith("reply.")))("%s", (name, frame) => {
    expect(frame).toMatchObject({ ok: true, re: expect.any(String) });
    expect(shapes.check(shapes.member("Replies", name.slice("reply.".length)), frame.d)).toEqual([]);
  });

  test.each(named.filter(([name]) => name.startsWith("error.")))("%s", (_, frame) => {
    expect(frame).toMatchObject({ ok: false, re: expect.any(String) });
    expect(shapes.check("Problem", frame.err)).toEqual([]);
  });

  test("a stale refusal carries the present state", () => {
    const stale = named.find(([name]) => name === "error.stale")?.[1].err as { current: unknown };
    expect(shapes.check("AgentSnapshot", stale.current)).toEqual([]);
  });
});

test("the check itself sees what is missing, wrong or unknown", () => {
  expect(shapes.check("CallMute", { call_id: "x" })).toEqual(["muted is missing"]);
  expect(shapes.check("CallMute", { call_id: 1, muted: true })).toEqual(["call_id: 1 is no string"]);
  expect(shapes.check("Watch", { topics: ["floor"] })).toEqual(['topics[0]: "floor" is none of Topic']);
  expect(shapes.check("Empty", { a: 1 })).toEqual(["a is not in Empty"]);
  expect(shapes.check("Floor", { at: "", campaigns: null, queues: [], agents: [], trunks: [] })).toEqual(["campaigns: null is no array"]);
});

test("only state.set and call.result are guarded by a revision", () => {
  expect([...GUARDED].sort()).toEqual(["call.result", "state.set"]);
});
