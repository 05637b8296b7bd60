import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Draft, draftOf, Drafts, type Work } from "../src/agent/drafts";
import { storeOn } from "../src/base/storage";
import { memoryStore } from "./fakes";

const work: Work = { call_id: "c1", name: "Luis Ortega", number: "+12125550107", campaign: "Win back", choices: [], zone: "America/New_York" };
const draft = (notes: string, at = 1_000): Draft => ({ ...draftOf({}), notes, at });

function world(store = memoryStore(), answers: (boolean | Promise<boolean>)[] = []) {
  const sent: [string, string][] = [];
  const drafts = new Drafts({
    store,
    now: () => 2_000,
    async send(callID, d) {
      sent.push([callID, d.notes]);
      return answers.shift() ?? true;
    },
  });
  drafts.open(12);
  return { drafts, store, sent };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a change is in the browser at once and on the server soon, the newest only", async () => {
  const w = world();
  w.drafts.change(work, draft("a"));
  w.drafts.change(work, draft("ab"));
  expect(world(w.store).drafts.find({ call_id: "c1" }).draft.notes).toBe("ab");
  expect(w.sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(400);
  expect(w.sent).toEqual([["c1", "ab"]]);
});

test("what was typed while a draft was under way follows it, one at a time", async () => {
  let answer = (_: boolean) => {};
  const w = world(undefined, [new Promise<boolean>((resolve) => (answer = resolve))]);
  w.drafts.change(work, draft("a"));
  await vi.advanceTimersByTimeAsync(400);
  w.drafts.change(work, draft("ab"));
  w.drafts.change({ ...work, call_id: "c2" }, draft("other"));
  await vi.advanceTimersByTimeAsync(400);
  expect(w.sent).toEqual([["c1", "a"]]);
  answer(true);
  await vi.advanceTimersByTimeAsync(0);
  expect(w.sent).toEqual([
    ["c1", "a"],
    ["c1", "ab"],
    ["c2", "other"],
  ]);
});

test("a draft that could not be sent is sent by the next flush", async () => {
  const w = world(undefined, [false]);
  w.drafts.change(work, draft("a"));
  await vi.advanceTimersByTimeAsync(400);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(w.sent).toHaveLength(1);
  await w.drafts.flush();
  expect(w.sent).toHaveLength(2);
  await w.drafts.flush();
  expect(w.sent).toHaveLength(2);
});

test("a draft beyond the server's limit stays in the browser", async () => {
  const w = world();
  w.drafts.change(work, draft("語".repeat(10_000) + "x".repeat(2_000)));
  await vi.advanceTimersByTimeAsync(400);
  expect(w.sent).toEqual([]);
  expect(w.drafts.find({ call_id: "c1" }).draft.notes).toHaveLength(12_000);
});

describe("the newer of the browser's and the server's draft counts", () => {
  test.each([
    ["the browser's", 5, 4, "here"],
    ["the server's", 5, 6, "there"],
  ])("%s", (_, here, there, want) => {
    const w = world();
    w.drafts.change(work, draft("here", here));
    expect(w.drafts.find({ call_id: "c1", draft: { notes: "there", at: there } }).draft.notes).toBe(want);
  });

  test("a draft without a time, or of another form, is read as far as it goes", () => {
    const w = world();
    expect(w.drafts.find({ call_id: "c1", draft: { notes: "asked", disposition: 7, callback_at: null } }).draft).toEqual(draft("asked", 0));
    for (const odd of [null, undefined, "text", 3, []]) expect(w.drafts.find({ call_id: "c1", draft: odd }).draft.notes).toBe("");
  });

  test("a draft that cannot be read is no draft", () => {
    const w = world();
    w.store.set("ringmaster.draft.12.c1", "{broken");
    expect(w.drafts.find({ call_id: "c1" }).draft.notes).toBe("");
    expect(w.drafts.unfinished(undefined)).toEqual([]);
  });
});

describe("the end of a draft", () => {
  test("it is unfinished while its call is gone and no result was taken", () => {
    const w = world();
    w.drafts.change(work, draft("a"));
    w.drafts.change({ ...work, call_id: "c2" }, draft(""));
    expect(w.drafts.unfinished("c1")).toEqual([]);
    expect(w.drafts.unfinished(undefined).map((u) => u.work)).toEqual([work]);
    w.drafts.forget("c1");
    expect(w.drafts.unfinished(undefined)).toEqual([]);
  });

  test("one that was taken while the call went on is forgotten when the call is over", () => {
    const w = world();
    w.drafts.change(work, draft("a"));
    w.drafts.given("c1");
    w.drafts.settle("c1");
    expect(w.drafts.find({ call_id: "c1" })).toEqual({ draft: draft("a"), given: true });
    expect(w.drafts.unfinished("c2")).toEqual([]);
    w.drafts.settle("c2");
    expect(w.store.map.size).toBe(0);
  });

  test("a change after that makes it a draft again", () => {
    const w = world();
    w.drafts.change(work, draft("a"));
    w.drafts.given("c1");
    w.drafts.change(work, draft("ab"));
    expect(w.drafts.find({ call_id: "c1" }).given).toBe(false);
    w.drafts.settle(undefined);
    expect(w.drafts.unfinished(undefined)).toHaveLength(1);
  });

  test("drafts are each person's own, and not kept for ever", () => {
    const w = world();
    w.drafts.change(work, draft("a"));
    const other = world(w.store).drafts;
    other.open(99);
    expect(other.find({ call_id: "c1" }).draft.notes).toBe("");
    expect(other.unfinished(undefined)).toEqual([]);
    const later = new Drafts({ store: w.store, now: () => 1_000 + 8 * 86_400_000, send: async () => true });
    later.open(12);
    expect(w.store.map.size).toBe(0);
  });
});

test("where the browser keeps nothing, the page's memory does", () => {
  const full = storeOn(() => {
    throw new Error("denied");
  });
  full.set("a.1", "x");
  expect(full.get("a.1")).toBe("x");
  expect(full.keys("a.")).toEqual(["a.1"]);
  full.remove("a.1");
  expect(full.get("a.1")).toBeUndefined();
});
