// What the agent's page does beyond showing: drafts, results, and the call's work.
import { effect, signal } from "@preact/signals";
import { explain, nameOf } from "../base/format";
import { shared } from "../base/storage";
import { instantOf, offsetOf, ownZone, validZone } from "../base/time";
import type { CallResult, CallView, CommandName, DispositionChoice } from "../protocol.gen";
import { connect, live, refused, say, serverNow, snapshot, socket, user } from "../state";
import { Outbox, type Kept } from "../wire/outbox";
import type { Answer } from "../wire/socket";
import { type Draft, Drafts, type Work } from "./drafts";
import { promises } from "./promises";

export const drafts = new Drafts({
  store: shared,
  now: serverNow,
  // A refusal is final for this state of the draft: the call is over or the
  // draft is none; only a lost connection is tried again.
  send: async (call_id, body) => {
    if (!live.value) return false;
    const answer = await socket.send("call.draft", { call_id, body });
    return answer.ok || answer.problem.code !== undefined;
  },
});

/** saving holds the calls whose result is on its way to the server. */
export const saving = signal<ReadonlySet<string>>(new Set());
/** refusals says why the server did not take a call's result, until it is changed. */
export const refusals = signal<Readonly<Record<string, string>>>({});
/** changed counts what happened to the stored drafts. */
export const changed = signal(0);

const outbox = new Outbox(shared);

/** openDesk connects the page. */
export function openDesk(): () => void {
  const close = connect([], kept);
  const stops = [
    effect(() => {
      if (user.value === null) return;
      drafts.open(user.value.id);
      outbox.open(user.value.id);
      saving.value = waiting();
      changed.value = changed.peek() + 1;
    }),
    effect(() => {
      drafts.settle(snapshot.value?.call?.call_id);
    }),
    effect(() => {
      if (live.value) void drafts.flush();
    }),
  ];
  const flush = () => void drafts.flush();
  addEventListener("pagehide", flush);
  return () => {
    removeEventListener("pagehide", flush);
    for (const stop of stops) stop();
    close();
  };
}

/** waiting gives the calls whose result is in the outbox. */
function waiting(): Set<string> {
  return new Set(outbox.list().flatMap((k) => (k.t === "call.result" ? [(k.d as CallResult).call_id] : [])));
}

/** kept takes the answer to a command that was not to be lost. */
function kept(command: Kept, answer: Answer<CommandName>): void {
  saving.value = waiting();
  changed.value++;
  if (command.t !== "call.result") {
    if (!answer.ok) refused(answer.problem);
    return;
  }
  const { call_id } = command.d as CallResult;
  const present = snapshot.value?.call?.call_id === call_id;
  if (!answer.ok) {
    const zone = workOf(snapshot.value?.call)?.zone;
    refusals.value = { ...refusals.value, [call_id]: explain(answer.problem, present ? zone : undefined) };
    if (!present) refused(answer.problem);
    return;
  }
  if (present) drafts.given(call_id);
  else drafts.forget(call_id);
}

/** save gives the result; the state after it is changed first where it differs. */
export function save(work: Work, draft: Draft, next?: { state: "ready" | "not_ready"; reason: string }): void {
  const s = snapshot.value;
  if (next && s && (s.next !== next.state || (s.next_reason ?? "") !== next.reason)) {
    socket.keep("state.set", { state: next.state, reason: next.reason, after_call: true });
  }
  const callback = draft.disposition === "callback" ? instantOf(draft.callback, work.zone) : Number.NaN;
  socket.keep("call.result", {
    call_id: work.call_id,
    disposition: draft.disposition,
    ...(draft.reason ? { reason: draft.reason } : {}),
    ...(draft.notes ? { notes: draft.notes } : {}),
    ...(Number.isNaN(callback) ? {} : { callback_at: new Date(callback).toISOString(), callback_personal: draft.personal }),
    ...promises(work, draft.disposition, draft),
  });
  saving.value = waiting();
  if (!live.value) say("info", "The result is kept here and sent when the connection is back.");
}

/** edit keeps a changed draft. */
export function edit(work: Work, draft: Draft): void {
  drafts.change(work, draft);
  if (refusals.value[work.call_id]) {
    const { [work.call_id]: _, ...others } = refusals.value;
    refusals.value = others;
  }
  changed.value++;
}

/** discard throws away an unfinished draft. */
export function discard(callID: string): void {
  drafts.forget(callID);
  changed.value++;
}

/** The choices where the record with the campaign's own is missing; the server checks them. */
const fallback: DispositionChoice[] = ["callback", "not_available", "wrong_person", "complaint", "do_not_call", "served"].map((code) => ({
  code,
  label: code.charAt(0).toUpperCase() + code.slice(1).replaceAll("_", " "),
  then: { delay: "0s", growth: 1, max: 0 },
}));

/** workOf gives what the result form needs of a call. */
export function workOf(call: CallView | null | undefined): Work | undefined {
  if (!call) return undefined;
  const own = call.pop?.dispositions ?? [];
  return {
    call_id: call.call_id,
    name: call.pop ? nameOf(call.pop.contact) : "",
    number: call.number,
    campaign: call.campaign || call.queue || "",
    choices: own.length > 0 ? own : call.stage === "ended" ? fallback : [],
    zone: zoneOf(call),
    script_version: call.pop?.script_shown?.version_id,
    disclosures: call.pop?.script_shown?.disclosures,
    offer: call.pop?.offer_shown,
  };
}

/** zoneOf gives the customer's zone, the server's way: the person's own, else the called number's. */
export function zoneOf(call: CallView): string {
  const contact = call.pop?.contact;
  const numbers = contact?.numbers ?? [];
  const called = numbers.find((n) => n.e164 === call.number) ?? numbers[0];
  return [contact?.time_zone, called?.zones?.[0], offsetOf(call.pop?.local_time)].find(validZone) ?? ownZone();
}
